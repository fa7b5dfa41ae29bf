/*
 * table_file_priv.h - the layout of a table file, for its writer and its reader.
 *
 * Head (64 bytes), sections (each aligned to 64 bytes, zeros between them), directory. A
 * table is: TABLE; for each column COLUMN, CHUNKS, DATA (of all chunks the data, then of
 * all the low parts), VALID when a value is missing,
 * and of strings STARTS, BYTES, SLOTS; for each child OFFSETS and its table.
 */
#ifndef STW_ENGINE_TABLE_FILE_PRIV_H
#define STW_ENGINE_TABLE_FILE_PRIV_H

#include "engine/table_file.h"

#define FILE_MAGIC "STEWARD\n"
#define FILE_ORDER UINT32_C(0x01020304)
#define FILE_ALIGN ((size_t)64)
#define FILE_NAME  48
#define FILE_COLS  1024 /* of a table */
#define FILE_KIDS  64   /* children of a table */
#define FILE_DEEP  4    /* tables in one another */

struct file_head {
	char magic[8];
	uint32_t order, version, kind, nsections;
	uint64_t size;      /* of the file */
	uint64_t directory; /* where it begins */
	uint64_t zero[2];
	uint32_t directory_crc;
	uint32_t head_crc; /* of what comes before */
};

struct file_section {
	uint32_t tag, crc;
	uint64_t at, size;
};

#define TAG_TABLE   TABLE_FILE_TAG('T', 'A', 'B', 'L')
#define TAG_COLUMN  TABLE_FILE_TAG('C', 'O', 'L', 'U')
#define TAG_CHUNKS  TABLE_FILE_TAG('C', 'H', 'U', 'N')
#define TAG_DATA    TABLE_FILE_TAG('D', 'A', 'T', 'A')
#define TAG_VALID   TABLE_FILE_TAG('V', 'A', 'L', 'I')
#define TAG_STARTS  TABLE_FILE_TAG('S', 'T', 'A', 'R')
#define TAG_BYTES   TABLE_FILE_TAG('B', 'Y', 'T', 'E')
#define TAG_SLOTS   TABLE_FILE_TAG('S', 'L', 'O', 'T')
#define TAG_OFFSETS TABLE_FILE_TAG('O', 'F', 'F', 'S')

struct file_table {
	uint64_t rows;
	uint32_t ncols, nchildren;
	char name[FILE_NAME];
};

struct file_column {
	char name[FILE_NAME];
	char currency[4];
	uint32_t type;
	uint32_t strings, slots; /* of the dictionary */
};

struct file_chunk {
	int64_t base;
	uint64_t step;
	int64_t min, max;
	uint32_t missing;
	uint8_t width, low_bits, zero[2];
};

#endif
