#include "engine/note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define EM_DASH       "\xe2\x80\x94 " /* "— " */
#define PRIVATE_KEY   "PRIVATE+KEY+"
#define SIGNATURE_RAW (4 + crypto_sign_BYTES)
#define TIMED_RAW     (SIGNATURE_RAW + 8) /* with the instant, in seconds */

/* ---- text ------------------------------------------------------------------------- */
/* The length of the valid UTF-8 sequence at p, which is not a control character but for
 * the newline; 0 when there is none. */
static size_t
utf8_length(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;

	if (n == 0 || n > left)
		return 0;
	if (n == 1)
		return p[0] >= 0x20 || p[0] == '\n' ? 1 : 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0; /* overlong, surrogate, past the last character */
	return n;
}

static bool
is_text(struct str s)
{
	size_t n;

	for (size_t i = 0; i < s.len; i += n) {
		n = utf8_length((const unsigned char *)s.ptr + i, s.len - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* The spaces of Unicode beyond ASCII, as UTF-8. */
static bool
has_space(struct str s)
{
	static const char *const wide[] = {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80",
	    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
	    "\xe3\x80\x80"};

	for (size_t i = 0; i < s.len; i++) {
		const char *p = s.ptr + i;

		if (*p == ' ' || *p == '\n')
			return true;
		for (size_t k = 0; k < STW_ARRAY_LEN(wide); k++)
			if (s.len - i >= strlen(wide[k]) &&
			    memcmp(p, wide[k], strlen(wide[k])) == 0)
				return true;
		/* U+2000 to U+200A */
		if (s.len - i >= 3 && memcmp(p, "\xe2\x80", 2) == 0 &&
		    (unsigned char)p[2] >= 0x80 && (unsigned char)p[2] <= 0x8a)
			return true;
	}
	return false;
}

static bool
is_name(struct str s)
{
	return s.len > 0 && s.len <= NOTE_NAME_MAX && is_text(s) && !has_space(s) &&
	       memchr(s.ptr, '+', s.len) == NULL;
}

/* The line at *rest without its newline; moves *rest past it. False at the end, and for
 * a last line without a newline. */
static bool
next_line(struct str *rest, struct str *line)
{
	const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct str){rest->ptr, (size_t)(end - rest->ptr)};
	rest->ptr = end + 1;
	rest->len -= line->len + 1;
	return true;
}

static void
add_base64(struct buf *to, const unsigned char *data, size_t len)
{
	size_t need = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	char *at = buf_reserve(to, need);

	(void)sodium_bin2base64(at, need, data, len, sodium_base64_VARIANT_ORIGINAL);
	to->len += need - 1; /* its NUL is also the buffer's */
}

/* libsodium 1.0.18 takes some bytes above 0x7f for letters, so the alphabet is checked
 * here; padding and spare bits it does check. */
static bool
decode_base64(struct str text, unsigned char *out, size_t cap, size_t *len)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '+' || c == '/' || c == '='))
			return false;
	}
	return sodium_base642bin(out, cap, text.ptr, text.len, NULL, len, NULL,
		   sodium_base64_VARIANT_ORIGINAL) == 0;
}

static bool
read_base64(struct str text, unsigned char *out, size_t want)
{
	size_t got;

	return decode_base64(text, out, want, &got) && got == want;
}

/* ---- keys --------------------------------------------------------------------------- */
static void
verifier_init(struct note_verifier *verifier, enum note_type type, struct str name,
    const unsigned char key[NOTE_PUBLIC_BYTES])
{
	const unsigned char between[2] = {'\n', (unsigned char)type};
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	memset(verifier, 0, sizeof *verifier);
	verifier->type = type;
	memcpy(verifier->name, name.ptr, name.len);
	memcpy(verifier->key, key, NOTE_PUBLIC_BYTES);
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(
	    &state, (const unsigned char *)name.ptr, name.len);
	(void)crypto_hash_sha256_update(&state, between, sizeof between);
	(void)crypto_hash_sha256_update(&state, key, NOTE_PUBLIC_BYTES);
	(void)crypto_hash_sha256_final(&state, hash);
	memcpy(verifier->id, hash, sizeof verifier->id);
}

enum stw_code
note_signer_init(struct note_signer *signer, enum note_type type, struct str name,
    const unsigned char seed[NOTE_SEED_BYTES], struct stw_err *err)
{
	unsigned char public[NOTE_PUBLIC_BYTES];

	if (!is_name(name))
		return stw_fail(err, STW_INVALID,
		    "a log's name is 1 to %d characters without spaces and '+'",
		    NOTE_NAME_MAX);
	(void)crypto_sign_seed_keypair(public, signer->secret, seed);
	verifier_init(&signer->verifier, type, name, public);
	return STW_OK;
}

/* "name+hexid+base64(type || key)" */
static void
format_key(
    const struct note_verifier *verifier, const unsigned char key[32], struct buf *to)
{
	unsigned char typed[1 + NOTE_PUBLIC_BYTES];

	typed[0] = (unsigned char)verifier->type;
	memcpy(typed + 1, key, NOTE_PUBLIC_BYTES);
	buf_add_c(to, verifier->name);
	buf_add_char(to, '+');
	buf_add_hex(to, verifier->id, sizeof verifier->id);
	buf_add_char(to, '+');
	add_base64(to, typed, sizeof typed);
	sodium_memzero(typed, sizeof typed);
}

static enum stw_code
parse_key(struct str text, enum note_type *type, struct str *name, struct str *id,
    unsigned char key[32], struct stw_err *err)
{
	unsigned char typed[1 + NOTE_PUBLIC_BYTES];
	struct str encoded;

	*name = (struct str){text.ptr, 0};
	while (name->len < text.len && text.ptr[name->len] != '+')
		name->len++;
	if (!is_name(*name) || text.len < name->len + 10 ||
	    text.ptr[name->len + 9] != '+')
		return stw_fail(err, STW_INVALID, "note key: want name+id+key");
	*id = (struct str){text.ptr + name->len + 1, 8};
	encoded = (struct str){text.ptr + name->len + 10, text.len - name->len - 10};
	if (!read_base64(encoded, typed, sizeof typed) ||
	    (typed[0] != NOTE_ED25519 && typed[0] != NOTE_COSIGNATURE))
		return stw_fail(err, STW_INVALID, "note key: no Ed25519 key in it");
	*type = typed[0] == NOTE_ED25519 ? NOTE_ED25519 : NOTE_COSIGNATURE;
	memcpy(key, typed + 1, NOTE_PUBLIC_BYTES);
	sodium_memzero(typed, sizeof typed);
	return STW_OK;
}

static enum stw_code
check_id(const struct note_verifier *verifier, struct str id, struct stw_err *err)
{
	char hex[9];

	(void)sodium_bin2hex(hex, sizeof hex, verifier->id, sizeof verifier->id);
	if (str_eq_c(id, hex))
		return STW_OK;
	return stw_fail(err, STW_INVALID,
	    "note key: its id %.8s is not that of the key, %s", id.ptr, hex);
}

void
note_verifier_format(const struct note_verifier *verifier, struct buf *to)
{
	format_key(verifier, verifier->key, to);
}

enum stw_code
note_verifier_parse(struct str text, struct note_verifier *out, struct stw_err *err)
{
	unsigned char key[NOTE_PUBLIC_BYTES];
	enum note_type type;
	struct str name, id;
	enum stw_code rc;

	rc = parse_key(text, &type, &name, &id, key, err);
	if (rc != STW_OK)
		return rc;
	verifier_init(out, type, name, key);
	return check_id(out, id, err);
}

/* The seed is the first half of libsodium's secret key. */
void
note_signer_format(const struct note_signer *signer, struct buf *to)
{
	buf_add_c(to, PRIVATE_KEY);
	format_key(&signer->verifier, signer->secret, to);
}

enum stw_code
note_signer_parse(struct str text, struct note_signer *out, struct stw_err *err)
{
	const size_t skip = strlen(PRIVATE_KEY);
	unsigned char seed[NOTE_SEED_BYTES];
	enum note_type type;
	struct str name, id;
	enum stw_code rc;

	if (text.len < skip || memcmp(text.ptr, PRIVATE_KEY, skip) != 0)
		return stw_fail(err, STW_INVALID, "note key: not a private key");
	rc = parse_key((struct str){text.ptr + skip, text.len - skip}, &type, &name,
	    &id, seed, err);
	if (rc == STW_OK)
		rc = note_signer_init(out, type, name, seed, err);
	if (rc == STW_OK)
		rc = check_id(&out->verifier, id, err);
	sodium_memzero(seed, sizeof seed);
	return rc;
}

/* ---- notes ---------------------------------------------------------------------------- */
/* What a cosignature signs: the text, after what makes it a cosignature, and when. */
static void
cosigned_message(int64_t time_sec, struct str text, struct buf *to)
{
	buf_printf(to, "cosignature/v1\ntime %" PRId64 "\n", time_sec);
	buf_add_str(to, text);
}

void
note_sign_line(
    const struct note_signer *signer, struct str text, int64_t time_sec, struct buf *to)
{
	unsigned char raw[TIMED_RAW];
	size_t at = 4;
	struct buf message;

	STW_ASSERT(text.len > 0 && text.ptr[text.len - 1] == '\n' && is_text(text));
	buf_init(&message);
	memcpy(raw, signer->verifier.id, 4);
	if (signer->verifier.type == NOTE_COSIGNATURE) {
		STW_ASSERT(time_sec > 0);
		for (int i = 7; i >= 0; i--)
			raw[at++] = (unsigned char)(time_sec >> (8 * i) & 0xff);
		cosigned_message(time_sec, text, &message);
	} else {
		buf_add_str(&message, text);
	}
	(void)crypto_sign_detached(raw + at, NULL, (const unsigned char *)message.data,
	    message.len, signer->secret);
	buf_fini(&message);
	buf_add_c(to, EM_DASH);
	buf_add_c(to, signer->verifier.name);
	buf_add_char(to, ' ');
	add_base64(to, raw, at + crypto_sign_BYTES);
	buf_add_char(to, '\n');
}

void
note_sign(const struct note_signer *signer, struct str text, struct buf *to)
{
	buf_add_str(to, text);
	buf_add_char(to, '\n');
	note_sign_line(signer, text, 1, to);
}

struct signature {
	struct str name;
	unsigned char raw[4096]; /* id and signature; other algorithms' are longer */
	size_t len;
};

static bool
signature_parse(struct str line, struct signature *out)
{
	struct str encoded;
	const char *space;

	if (line.len < 4 || memcmp(line.ptr, EM_DASH, 4) != 0)
		return false;
	out->name = (struct str){line.ptr + 4, line.len - 4};
	space = out->name.len == 0 ? NULL : memchr(out->name.ptr, ' ', out->name.len);
	if (space == NULL)
		return false;
	encoded = (struct str){space + 1, (size_t)(line.ptr + line.len - space - 1)};
	out->name.len = (size_t)(space - out->name.ptr);
	return is_name(out->name) &&
	       decode_base64(encoded, out->raw, sizeof out->raw, &out->len) &&
	       out->len > 4;
}

static const struct note_verifier *
find_verifier(
    const struct signature *sig, const struct note_verifier *verifiers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_c(sig->name, verifiers[i].name) &&
		    memcmp(sig->raw, verifiers[i].id, 4) == 0)
			return &verifiers[i];
	return NULL;
}

/* Splits at the last empty line. */
static bool
split_note(struct str note, struct str *text, struct str *signatures)
{
	if (note.len == 0 || note.len > NOTE_BYTES_MAX ||
	    note.ptr[note.len - 1] != '\n' || !is_text(note))
		return false;
	for (size_t i = note.len - 1; i > 0; i--) {
		if (note.ptr[i] != '\n' || note.ptr[i - 1] != '\n')
			continue;
		*text = (struct str){note.ptr, i};
		*signatures = (struct str){note.ptr + i + 1, note.len - i - 1};
		return signatures->len > 0;
	}
	return false;
}

static bool
signature_holds(
    const struct signature *sig, const struct note_verifier *verifier, struct str text)
{
	struct buf message;
	uint64_t time = 0;
	bool holds;

	if (verifier->type != NOTE_COSIGNATURE)
		return sig->len == SIGNATURE_RAW &&
		       crypto_sign_verify_detached(sig->raw + 4,
			   (const unsigned char *)text.ptr, text.len,
			   verifier->key) == 0;
	if (sig->len != TIMED_RAW)
		return false;
	for (int i = 0; i < 8; i++)
		time = time << 8 | sig->raw[4 + i];
	if (time == 0 || time > INT64_MAX)
		return false;
	buf_init(&message);
	cosigned_message((int64_t)time, text, &message);
	holds =
	    crypto_sign_verify_detached(sig->raw + 12,
		(const unsigned char *)message.data, message.len, verifier->key) == 0;
	buf_fini(&message);
	return holds;
}

enum stw_code
note_open_held(struct str note, const struct note_verifier *verifiers, size_t count,
    struct str *text, bool *held, struct stw_err *err)
{
	struct str body, rest, line;
	struct signature sig;
	int lines = 0;
	int good = 0;

	*text = (struct str){"", 0};
	if (!split_note(note, &body, &rest))
		return stw_fail(err, STW_INVALID, "not a signed note");
	while (next_line(&rest, &line)) {
		const struct note_verifier *verifier;

		if (++lines > NOTE_SIGNATURES_MAX || !signature_parse(line, &sig))
			return stw_fail(err, STW_INVALID,
			    "note: signature line %d is malformed", lines);
		verifier = find_verifier(&sig, verifiers, count);
		if (verifier == NULL)
			continue;
		if (!signature_holds(&sig, verifier, body))
			return stw_fail(err, STW_INVALID,
			    "note: the signature by %s does not hold", verifier->name);
		if (held != NULL)
			held[verifier - verifiers] = true;
		good++;
	}
	if (good == 0)
		return stw_fail(err, STW_INVALID, "note: no signature by a known key");
	*text = body;
	return STW_OK;
}

enum stw_code
note_open(struct str note, const struct note_verifier *verifiers, size_t count,
    struct str *text, struct stw_err *err)
{
	return note_open_held(note, verifiers, count, text, NULL, err);
}

bool
note_text(struct str note, struct str *text)
{
	struct str signatures;

	return split_note(note, text, &signatures);
}

bool
note_is_lines(struct str lines)
{
	struct signature sig;
	struct str line;
	int count = 0;

	while (next_line(&lines, &line))
		if (++count > NOTE_SIGNATURES_MAX || !signature_parse(line, &sig))
			return false;
	return count > 0 && lines.len == 0;
}

struct str
note_line_name(struct str line)
{
	struct signature sig;

	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	return signature_parse(line, &sig) ? sig.name : (struct str){"", 0};
}

/* ---- checkpoints ------------------------------------------------------------------------ */
void
checkpoint_format(
    struct str origin, uint64_t size, const struct merkle_hash *root, struct buf *to)
{
	buf_add_str(to, origin);
	buf_printf(to, "\n%" PRIu64 "\n", size);
	add_base64(to, root->b, sizeof root->b);
	buf_add_char(to, '\n');
}

/* Decimal without leading zeros, below 2^63. */
static bool
read_size(struct str line, uint64_t *out)
{
	uint64_t v = 0;

	if (line.len == 0 || line.len > 19 || (line.len > 1 && line.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] < '0' || line.ptr[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(line.ptr[i] - '0');
	}
	*out = v;
	return v <= INT64_MAX;
}

enum stw_code
checkpoint_parse(struct str text, struct checkpoint *out, struct stw_err *err)
{
	struct checkpoint got = {0};
	struct str rest = text;
	struct str line;

	*out = got;
	if (!is_text(text))
		return stw_fail(err, STW_INVALID, "checkpoint: not text");
	if (!next_line(&rest, &got.origin) || got.origin.len == 0)
		return stw_fail(err, STW_INVALID, "checkpoint: no origin line");
	if (!next_line(&rest, &line) || !read_size(line, &got.size))
		return stw_fail(err, STW_INVALID, "checkpoint: line 2 is not a size");
	if (!next_line(&rest, &line) ||
	    !read_base64(line, got.root.b, sizeof got.root.b))
		return stw_fail(
		    err, STW_INVALID, "checkpoint: line 3 is not a root hash");
	got.extensions = rest;
	while (next_line(&rest, &line))
		if (line.len == 0)
			return stw_fail(err, STW_INVALID, "checkpoint: empty line");
	if (rest.len != 0)
		return stw_fail(err, STW_INVALID, "checkpoint: its last line is cut");
	*out = got;
	return STW_OK;
}
