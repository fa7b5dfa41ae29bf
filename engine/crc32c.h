/*
 * crc32c.h - CRC-32C (Castagnoli), with the processor's instruction where it has one.
 *
 * Purpose    Finds what a disk or a hand has changed; no protection against who wants to
 *            deceive.
 */
#ifndef STW_ENGINE_CRC32C_H
#define STW_ENGINE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc: 0, or of what comes before. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);
/* The same without the instruction, for tests of both. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
