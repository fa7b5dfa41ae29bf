/*
 * page.h - one page of a list: where it begins, and how it is answered.
 *
 * Purpose    Every list that can be long is read in pages: the query's `limit` and `cursor`
 *            say which one, the answer is {items, next_cursor, as_of}. The store is asked
 *            for one row more than the page holds, which tells whether there is another.
 * Ownership  What a page points at lies in the request's arena.
 * Errors     False after answering: 400 for a limit or a cursor that is none of ours or of
 *            another list.
 */
#ifndef STW_API_PAGE_H
#define STW_API_PAGE_H

#include "api/cursor.h"
#include "api/server.h"

struct page {
	const char
	    *scope; /* which list, with all its filters: what a cursor is bound to */
	int limit;  /* rows of the page; ask the store for one more */
	const char
	    *place; /* of the row before the page's first; NULL: from the start */
};

bool page_begin(struct api_request *req, const char *scope, struct page *out);

/* For lists whose place is a number and a word ("<number> <word>", page_place): newest
 * first they are an instant and a uuid. Without a cursor *number is left as it is and
 * *word is NULL. */
bool page_begin_at(struct api_request *req, const char *scope, struct page *out,
    int64_t *number, const char **word);
/* The same, and the word is a uuid; *id is untouched without a cursor. */
bool page_begin_uuid(struct api_request *req, const char *scope, struct page *out,
    int64_t *number, struct uuid *id);
const char *page_place(struct api_request *req, int64_t number, const char *word);

/* Answers 400: the place of the cursor cannot be read. */
void page_refuse(struct api_request *req);

/* How many of the rows that the store gave belong to the page. */
int page_rows(const struct page *page, int count);
/* The last of them when another page follows, -1 when none does. */
int page_last(const struct page *page, int count);

/* What the answer says of the next page: its cursor, or null. */
json_t *page_next(struct api_request *req, const struct page *page, const char *next);
/* next: the place of the page's last row; NULL when no other page follows. Takes the
 * reference to items. page_json is for lists that say more than page_reply does. */
json_t *page_json(
    struct api_request *req, const struct page *page, json_t *items, const char *next);
void page_reply(
    struct api_request *req, const struct page *page, json_t *items, const char *next);

#endif
