/* The ledger over HTTP: how far it is, and the files and proofs that others check. */
#include <errno.h>
#include <stdlib.h>

#include "api/app.h"
#include "api/resources.h"
#include "db/ledger.h"

void
v1_ledger(struct api_request *req)
{
	struct stw_err err = {0};
	struct db_rows *rows = NULL;
	json_t *v, *checkpoint = json_null();
	enum stw_code rc;

	rc = db_query_one(req->db, DB_Q_LEDGER_STATUS, NULL, 0, &rows, &err);
	if (rc != STW_OK) {
		api_fail(req, rc, &err);
		return;
	}
	if (!db_is_null(rows, 0, 2)) {
		checkpoint = json_object();
		json_put(checkpoint, "size", json_integer(db_get_i64(rows, 0, 2)));
		json_put(checkpoint, "root", json_str(db_get_str(rows, 0, 3)));
		json_put(checkpoint, "note", json_str(db_get_str(rows, 0, 4)));
		json_put(checkpoint, "at", json_time(db_get_usec(rows, 0, 5)));
	}
	v = json_object();
	json_put(v, "size", json_integer(db_get_i64(rows, 0, 0)));
	json_put(v, "waiting", json_integer(db_get_i64(rows, 0, 1)));
	json_put(v, "checkpoint", checkpoint);
	if (req->app->ledger_key != NULL) {
		struct buf key;

		buf_init(&key);
		ledger_key_verifier(req->app->ledger_key, &key);
		json_put(v, "verifier_key", json_str((struct str){key.data, key.len}));
		buf_fini(&key);
	} else {
		json_put(v, "verifier_key", json_null());
	}
	json_put(v, "as_of", json_time(req->now));
	db_rows_free(rows);
	api_reply(req, 200, v);
}

/* ---- the published form ----------------------------------------------------------------- */
static void
give_file(struct api_request *req, struct str path, const char *type)
{
	struct stw_err err = {0};
	enum stw_code rc = ledger_file_get(req->db, path, &req->answer, &err);

	if (rc != STW_OK) {
		buf_clear(&req->answer);
		api_fail(req, rc, &err);
		return;
	}
	req->status = 200;
	req->content_type = type;
}

void
v1_ledger_checkpoint(struct api_request *req)
{
	give_file(req, STR_LIT("checkpoint"), "text/plain; charset=utf-8");
}

void
v1_ledger_tile(struct api_request *req)
{
	struct buf path;

	buf_init(&path);
	buf_add_c(&path, "tile");
	for (int i = 0; i < req->match.nparams; i++) {
		buf_add_char(&path, '/');
		buf_add_c(&path, req->match.params[i]);
	}
	give_file(req, (struct str){path.data, path.len}, "application/octet-stream");
	buf_fini(&path);
}

/* An index is a number, an id is none. */
void
v1_ledger_proof(struct api_request *req)
{
	const char *id = req->match.params[0];
	struct stw_err err = {0};
	enum stw_code rc = STW_OK;
	uint64_t index;
	char *end;

	errno = 0;
	index = strtoull(id, &end, 10);
	if (*end != '\0' || errno != 0 || id[0] < '0' || id[0] > '9')
		rc = ledger_find_id(req->db, id, &index, &err);
	if (rc == STW_OK)
		rc = ledger_prove(req->db, index, &req->answer, &err);
	if (rc != STW_OK) {
		buf_clear(&req->answer);
		api_fail(req, rc, &err);
		return;
	}
	req->status = 200;
	req->content_type = "text/plain; charset=utf-8";
	req->file_name =
	    arena_printf(&req->arena, "%llu.tlog-proof", (unsigned long long)index);
}
