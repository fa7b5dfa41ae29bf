#include "api/bundle_out.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum stw_code
failed(const struct bundle_out *out, struct stw_err *err)
{
	return stw_fail(err, STW_TEMPFAIL, "cannot write %.150s: %s",
	    out->unnamed ? "a temporary file" : out->part, strerror(errno));
}

static FILE *
create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;

	if (file == NULL && fd >= 0)
		(void)close(fd);
	return file;
}

enum stw_code
bundle_out_open(struct bundle_out *out, const char *path, struct stw_err *err)
{
	size_t len = path != NULL ? strlen(path) : 0;
	struct stat st;

	*out = (struct bundle_out){.tar = path == NULL, .unnamed = path == NULL};
	if (out->unnamed) {
		out->file = tmpfile();
		return out->file != NULL ? STW_OK : failed(out, err);
	}
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= sizeof out->path)
		return stw_fail(err, STW_INVALID, "a path of 1 to %zu bytes is wanted",
		    sizeof out->path - 1);
	memcpy(out->path, path, len);
	(void)snprintf(out->part, sizeof out->part, "%s.part", out->path);
	out->tar = len > 4 && strcmp(out->path + len - 4, ".tar") == 0;
	if (lstat(out->path, &st) == 0 || lstat(out->part, &st) == 0) {
		out->part[0] = '\0'; /* not ours */
		return stw_fail(err, STW_CONFLICT,
		    "%.150s, or what is left of one with .part, is there already",
		    out->path);
	}
	if (out->tar)
		out->file = create(out->part);
	if (out->tar ? out->file != NULL : mkdir(out->part, 0700) == 0)
		return STW_OK;
	return failed(out, err);
}

static enum stw_code
begin_tar(struct bundle_out *out, struct stw_err *err)
{
	static const unsigned char empty[TAR_BLOCK];

	out->header_at = ftell(out->file);
	if (out->header_at < 0 || fwrite(empty, 1, TAR_BLOCK, out->file) != TAR_BLOCK)
		return failed(out, err);
	return STW_OK;
}

static enum stw_code
begin_file(struct bundle_out *out, const char *name, struct stw_err *err)
{
	const char *slash = strchr(name, '/');
	char path[600];

	if (slash != NULL) {
		(void)snprintf(
		    path, sizeof path, "%s/%.*s", out->part, (int)(slash - name), name);
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return failed(out, err);
	}
	(void)snprintf(path, sizeof path, "%s/%s", out->part, name);
	out->file = create(path);
	return out->file != NULL ? STW_OK : failed(out, err);
}

enum stw_code
bundle_out_begin(struct bundle_out *out, const char *name, struct stw_err *err)
{
	STW_ASSERT(strlen(name) < TAR_NAME_MAX);
	out->m = (struct tar_member){0};
	memcpy(out->m.name, name, strlen(name) + 1);
	(void)crypto_hash_sha256_init(&out->hash);
	return out->tar ? begin_tar(out, err) : begin_file(out, name, err);
}

enum stw_code
bundle_out_write(struct bundle_out *out, struct str data, struct stw_err *err)
{
	if (data.len == 0)
		return STW_OK;
	out->m.size += (int64_t)data.len;
	(void)crypto_hash_sha256_update(
	    &out->hash, (const unsigned char *)data.ptr, data.len);
	if (out->m.size > TAR_SIZE_MAX)
		return stw_fail(err, STW_DENIED,
		    "%s is larger than an archive takes (8 GiB): ask for less",
		    out->m.name);
	return fwrite(data.ptr, 1, data.len, out->file) == data.len ? STW_OK
								    : failed(out, err);
}

/* The header is known when the content is: it takes the place that was left for it. */
static enum stw_code
end_tar(struct bundle_out *out, struct stw_err *err)
{
	static const unsigned char zeros[TAR_BLOCK];
	unsigned char header[TAR_BLOCK];
	size_t padding = tar_padding(out->m.size);

	tar_header_write(&out->m, header);
	if (fwrite(zeros, 1, padding, out->file) != padding ||
	    fseek(out->file, out->header_at, SEEK_SET) != 0 ||
	    fwrite(header, 1, TAR_BLOCK, out->file) != TAR_BLOCK ||
	    fseek(out->file, 0, SEEK_END) != 0)
		return failed(out, err);
	return STW_OK;
}

static enum stw_code
sync_and_close(struct bundle_out *out, struct stw_err *err)
{
	FILE *file = out->file;
	bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;

	out->file = NULL;
	return fclose(file) == 0 && good ? STW_OK : failed(out, err);
}

enum stw_code
bundle_out_end(struct bundle_out *out, int64_t *bytes, char sha256[BUNDLE_SHA_TEXT],
    struct stw_err *err)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256_final(&out->hash, hash);
	(void)sodium_bin2hex(sha256, BUNDLE_SHA_TEXT, hash, sizeof hash);
	*bytes = out->m.size;
	return out->tar ? end_tar(out, err) : sync_and_close(out, err);
}

/* Of what we made: files, and folders of files. */
static void
remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	char one[1200];

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(one, sizeof one, "%s/%s", path, e->d_name);
		if (unlink(one) != 0)
			remove_dir(one);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(path);
}

/* Two empty blocks are an archive's end. */
static enum stw_code
finish_tar(struct bundle_out *out, FILE **file, struct stw_err *err)
{
	static const unsigned char zeros[TAR_BLOCK];

	for (int i = 0; i < 2; i++)
		if (fwrite(zeros, 1, TAR_BLOCK, out->file) != TAR_BLOCK)
			return failed(out, err);
	if (!out->unnamed)
		return sync_and_close(out, err);
	if (fflush(out->file) != 0 || fseek(out->file, 0, SEEK_SET) != 0)
		return failed(out, err);
	*file = out->file;
	out->file = NULL;
	return STW_OK;
}

enum stw_code
bundle_out_close(struct bundle_out *out, bool keep, FILE **file, struct stw_err *err)
{
	enum stw_code rc = STW_OK;

	*file = NULL;
	if (out->part[0] == '\0' && !out->unnamed)
		return STW_OK;
	if (keep && out->tar)
		rc = finish_tar(out, file, err);
	if (out->file != NULL)
		(void)fclose(out->file);
	out->file = NULL;
	if (out->unnamed)
		return rc;
	if (keep && rc == STW_OK && rename(out->part, out->path) != 0)
		rc = failed(out, err);
	if (!keep || rc != STW_OK) {
		if (out->tar)
			(void)unlink(out->part);
		else
			remove_dir(out->part);
	}
	return rc;
}
