/*
 * gate_gen.h - contacts drawn at random: plausible ones with faults, and nasty ones.
 *
 * Purpose    gate_gen_common draws what the contacts of one step have in common,
 *            gate_gen_contact what differs. Both start from the lawful contact of the tests
 *            (facts_json.h) and change a few things of it, with a liking for the instants at
 *            which rules begin and end.
 * Ownership  Everything in the arena.
 */
#ifndef STW_TESTS_LIB_GATE_GEN_H
#define STW_TESTS_LIB_GATE_GEN_H

#include "campaigns/compliance/gate.h"
#include "tests/lib/rule_book.h"

/* An instant of the years around the fixture's, often one at which something ends. */
stw_usec gate_gen_now(struct chance *chance);
/* wild: how much is changed, in hundredths. */
void gate_gen_common(
    struct chance *chance, int wild, struct arena *arena, struct gate_facts *out);
void gate_gen_contact(struct chance *chance, int wild, stw_usec now,
    const struct gate_facts *common, struct arena *arena, struct gate_facts *out);

#endif
