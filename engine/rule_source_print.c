/* The printing half of the formatter: pieces on lines. */
#include <string.h>

#include "engine/rule_source_priv.h"

#define STEP       2  /* columns a continued line goes in */
#define INDENT_MAX 48 /* deeper levels stay there */

struct printer {
	struct buf *to;
	int column;
	int lines;              /* finished */
	bool blank;             /* nothing but spaces on this line yet */
	struct comments behind; /* come before the next line break */
};

/* indent: of the line the piece began on; reserve: what has to stand behind it. */
static void print_piece(
    struct printer *p, const struct piece *piece, int indent, int reserve);

/* ---- measuring ------------------------------------------------------------------- */
static void
count_words(struct word *first)
{
	int above = 0, behind = 0, tall = 0;

	for (struct word *w = first; w != NULL; w = w->next) {
		w->above_to = above += w->above.count;
		w->behind_to = behind += w->behind.count;
		w->tall_to = tall += w->tall ? 1 : 0;
	}
}

/* Comments above its first word and behind its last one do not break a piece. */
static bool
has_breaks(const struct piece *piece)
{
	const struct word *first = piece->first, *last = piece->last;

	if (piece->kind == PIECE_WORD)
		return first->tall;
	return last->above_to > first->above_to ||
	       last->behind_to - last->behind.count >
		   first->behind_to - first->behind.count ||
	       last->tall_to > first->tall_to - (first->tall ? 1 : 0);
}

static void
measure(struct piece *piece)
{
	bool list = piece->kind == PIECE_ITEMS || piece->kind == PIECE_ENTRY;
	int width = 0;

	for (int i = 0; i < piece->nkids; i++) {
		measure(piece->kids[i]);
		width += piece->kids[i]->width;
	}
	for (int i = 0; i < piece->nops; i++)
		width += piece->ops[i]->width + (list ? 1 : 2);
	if (piece->op != NULL)
		width += piece->op->width;
	if (piece->kind == PIECE_WORD)
		width = piece->first->width;
	if (piece->kind == PIECE_ITEMS || piece->kind == PIECE_BRACKET)
		width += piece->first->width + piece->last->width;
	piece->width = width;
	piece->broken = has_breaks(piece);
}

static bool
fits_at(int column, const struct piece *piece, int reserve)
{
	return !piece->broken && column + piece->width + reserve <= RULE_SOURCE_WIDTH;
}

/* What of a piece has to stand on the line it begins on. */
static int
head_width(const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_CHAIN:
	case PIECE_COND:
	case PIECE_PATH:
	case PIECE_ENTRY:
		return head_width(piece->kids[0]);
	case PIECE_PREFIX:
		return piece->op->width + head_width(piece->kids[0]);
	case PIECE_BRACKET:
		return 1 + head_width(piece->kids[0]);
	case PIECE_ITEMS:
		return piece->first->width;
	case PIECE_WORD:
	case PIECE_STEP:
		break;
	}
	return piece->width;
}

/* May it be broken inside and still begin on a line that is nearly full? */
static bool
hangs(const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_PREFIX:
		return hangs(piece->kids[0]);
	case PIECE_BRACKET:
	case PIECE_ITEMS:
	case PIECE_PATH:
		return true;
	case PIECE_WORD:
		return piece->broken;
	case PIECE_CHAIN:
	case PIECE_COND:
	case PIECE_ENTRY:
	case PIECE_STEP:
		break;
	}
	return false;
}

/* ---- output ---------------------------------------------------------------------- */
static void
print_behind(struct printer *p)
{
	for (const struct comment *c = p->behind.first; c != NULL; c = c->next) {
		buf_add_char(p->to, ' ');
		buf_add_str(p->to, c->text);
	}
	p->behind = (struct comments){0};
}

static void
new_line(struct printer *p, int indent)
{
	if (indent > INDENT_MAX)
		indent = INDENT_MAX;
	print_behind(p);
	buf_printf(p->to, "\n%*s", indent, "");
	p->column = indent;
	p->blank = true;
	p->lines++;
}

static void
print_above(struct printer *p, const struct comments *above, int indent)
{
	int lines = p->lines; /* these are not counted as the piece's own */

	for (const struct comment *c = above->first; c != NULL; c = c->next) {
		if (!p->blank)
			new_line(p, indent + STEP);
		buf_add_str(p->to, c->text);
		new_line(p, p->column);
	}
	p->lines = lines;
}

static void
print_word(struct printer *p, struct word *w, int indent)
{
	print_above(p, &w->above, indent);
	buf_add_str(p->to, w->text);
	p->column = w->tall ? w->width : p->column + w->width;
	p->lines += w->tall ? 1 : 0;
	p->blank = false;
	comments_append(&p->behind, &w->behind);
}

static void
space(struct printer *p)
{
	if (p->blank)
		return;
	buf_add_char(p->to, ' ');
	p->column++;
}

/* ---- pieces ---------------------------------------------------------------------- */
/* Does the operand that follows op belong on a line of its own? tall: the one before has
 * several lines. */
static bool
breaks_before(const struct printer *p, const struct piece *chain, int i, bool tall,
    int indent, int reserve)
{
	bool logic = chain->bind == BIND_AND || chain->bind == BIND_OR;
	const struct piece *kid = chain->kids[i + 1];
	const struct word *op = chain->ops[i];

	if (p->behind.count > 0 || op->above.count > 0 || (logic && tall))
		return true;
	if (fits_at(p->column + op->width + 2, kid, reserve))
		return false;
	if (logic || !hangs(kid))
		return true;
	if (p->column + op->width + 2 + head_width(kid) > RULE_SOURCE_WIDTH)
		return true;
	return kid->kind != PIECE_ITEMS && /* x in [...] stays together */
	       fits_at(indent + STEP + op->width + 1, kid, reserve);
}

static void
print_chain(struct printer *p, const struct piece *piece, int indent, int reserve)
{
	const struct piece *kid = piece->kids[0];
	int lines = p->lines;

	print_piece(p, kid, kid->kind == PIECE_CHAIN ? indent + STEP : indent, 0);
	for (int i = 0; i < piece->nops; i++) {
		int after = i == piece->nops - 1 ? reserve : 0;
		bool tall = p->lines > lines;
		bool down = breaks_before(p, piece, i, tall, indent, after);

		if (down)
			new_line(p, indent + STEP);
		else
			space(p);
		print_word(p, piece->ops[i], indent);
		space(p);
		lines = p->lines;
		print_piece(p, piece->kids[i + 1], down ? p->column : indent, after);
	}
}

static void
print_cond(struct printer *p, const struct piece *piece, int indent, int reserve)
{
	bool whole = fits_at(p->column, piece, reserve);
	int lines = p->lines;

	print_piece(p, piece->kids[0], indent + STEP, 0);
	for (int i = 0; i < piece->nops; i++) {
		const struct piece *kid = piece->kids[i + 1];
		int after = i == piece->nops - 1 ? reserve : 0;
		bool chosen = i % 2 == 0; /* ? */

		if (!whole && (!chosen || p->lines > lines || p->behind.count > 0 ||
				  piece->ops[i]->above.count > 0 ||
				  !fits_at(p->column + 3, kid, after)))
			new_line(p, indent + STEP);
		else
			space(p);
		print_word(p, piece->ops[i], indent);
		space(p);
		lines = p->lines;
		print_piece(p, kid, p->column, after);
	}
}

/* Is item i of a broken list on a new line? */
static bool
item_breaks(const struct printer *p, const struct piece *piece, int i, bool tall,
    int indent, int reserve)
{
	const struct piece *kid = piece->kids[i];
	int column = p->column + (i > 0 ? 1 : 0);
	bool macro =
	    i == piece->nkids - 1; /* x.exists(t, ...): all but the last short */

	if (p->behind.count > 0 || kid->first->above.count > 0)
		return true;
	if (i > 0 && (tall || kid->kind == PIECE_ENTRY))
		return true;
	if (i == 0 && piece->first->width > 1) /* [? is one mark */
		return false;
	if (fits_at(column, kid, reserve))
		return false;
	for (int k = 0; k < i; k++)
		macro &= piece->kids[k]->kind == PIECE_WORD;
	return !macro || fits_at(indent + STEP, kid, reserve) ||
	       column + head_width(kid) > RULE_SOURCE_WIDTH;
}

static void
print_items(struct printer *p, const struct piece *piece, int indent, int reserve)
{
	bool whole = fits_at(p->column, piece, reserve);
	int lines;

	print_word(p, piece->first, indent);
	lines = p->lines;
	for (int i = 0; i < piece->nkids; i++) {
		int after = i == piece->nkids - 1 ? 1 + reserve : 1;
		bool down =
		    !whole && item_breaks(p, piece, i, p->lines > lines, indent, after);

		if (down)
			new_line(p, indent + STEP);
		else if (i > 0)
			space(p);
		lines = p->lines;
		print_piece(p, piece->kids[i], down ? indent + STEP : indent, after);
		if (i < piece->nops)
			print_word(p, piece->ops[i], indent);
	}
	print_word(p, piece->last, indent);
}

static bool
is_method_call(const struct piece *step)
{
	return step->op != NULL && step->nkids == 2;
}

/* Steps of a path that has two calls or more and is too long: each call but the first
 * begins a line. */
static bool
step_breaks(const struct piece *path, int i, bool split)
{
	int calls = 0;

	if (!split || !is_method_call(path->kids[i]))
		return false;
	for (int k = 1; k < i; k++)
		calls += is_method_call(path->kids[k]) ? 1 : 0;
	return calls > 0;
}

static void
print_step(struct printer *p, const struct piece *step, int indent, int reserve)
{
	if (step->op != NULL)
		print_word(p, step->op, indent);
	for (int i = 0; i < step->nkids; i++)
		print_piece(p, step->kids[i], indent, reserve);
}

static void
print_path(struct printer *p, const struct piece *path, int indent, int reserve)
{
	bool split = !fits_at(p->column, path, reserve);
	int inner = indent;

	print_piece(p, path->kids[0], indent, 0);
	for (int i = 1; i < path->nkids; i++) {
		const struct piece *step = path->kids[i];
		int after = 0, k = i + 1;

		for (; k < path->nkids && !step_breaks(path, k, split); k++)
			after += path->kids[k]->width;
		if (step_breaks(path, i, split) ||
		    (step->op != NULL &&
			(p->behind.count > 0 || step->op->above.count > 0))) {
			inner = indent + STEP;
			new_line(p, inner);
		}
		print_step(p, step, inner, k == path->nkids ? after + reserve : after);
	}
}

static void
print_piece(struct printer *p, const struct piece *piece, int indent, int reserve)
{
	switch (piece->kind) {
	case PIECE_WORD:
		print_word(p, piece->first, indent);
		break;
	case PIECE_PREFIX:
		print_word(p, piece->op, indent);
		print_piece(p, piece->kids[0], indent, reserve);
		break;
	case PIECE_CHAIN:
		print_chain(p, piece, indent, reserve);
		break;
	case PIECE_COND:
		print_cond(p, piece, indent, reserve);
		break;
	case PIECE_BRACKET:
		print_word(p, piece->first, indent);
		print_piece(p, piece->kids[0], indent, reserve + 1);
		print_word(p, piece->last, indent);
		break;
	case PIECE_ITEMS:
		print_items(p, piece, indent, reserve);
		break;
	case PIECE_ENTRY:
		print_piece(p, piece->kids[0], indent, 1);
		print_word(p, piece->ops[0], indent);
		space(p);
		print_piece(p, piece->kids[1], indent, reserve);
		break;
	case PIECE_PATH:
		print_path(p, piece, indent, reserve);
		break;
	case PIECE_STEP:
		print_step(p, piece, indent, reserve);
		break;
	}
}

void
rule_source_print(struct piece *root, struct word *end, struct buf *to)
{
	struct printer p = {.to = to, .blank = true};

	count_words(root->first);
	measure(root);
	print_piece(&p, root, 0, 0);
	if (end->above.count > 0)
		new_line(&p, 0);
	for (const struct comment *c = end->above.first; c != NULL; c = c->next) {
		buf_add_str(to, c->text);
		buf_add_c(to, c->next != NULL ? "\n" : "");
	}
	print_behind(&p);
}
