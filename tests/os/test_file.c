/* SPDX-License-Identifier: MIT */
/* Files, on io_uring and on threads. */
#include "os/os.h"
#include <fcntl.h>
#include <sys/stat.h>

static const char *engine;
static char directory[] = "/tmp/gev-file-XXXXXX";

/* Where the file @name is; good until the fourth call from now. */
static const char *at(const char *name)
{
	static char paths[4][64];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static int make(const char *name)
{
	int fd = gev_file_open(at(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
		0600);

	t_ok(fd >= 0);
	return fd;
}

/* The next request finds a hub as after the start of the program. */
static void begin_anew(const char *with)
{
	gev_hub_destroy(GEV_DESTROY_LOOP);
	setenv("GEV_FILE", with, 1);
}

static void is_used(void)
{
	t_str(gev_file_engine(), engine);
}

static void reads_and_writes(void)
{
	char text[16] = "";
	int fd = make("a");

	t_eq(gev_file_write(fd, "hello", 5), 5);
	t_eq(gev_file_write(fd, " world", 6), 6);
	t_eq(gev_file_pread(fd, text, 5, 3), 5);
	t_str(text, "lo wo");
	t_eq(gev_file_read(fd, text, 16), 0);
	t_eq(gev_file_pwrite(fd, "J", 1, 0), 1);
	t_eq(lseek(fd, 0, SEEK_SET), 0);
	t_eq(gev_file_read(fd, text, 4), 4);
	t_eq(gev_file_read(fd, text + 4, 12), 7);
	t_str(text, "Jello world");
	t_eq(gev_file_pread(fd, text, 16, 100), 0);
	t_eq(gev_file_close(fd), 0);
	t_fails(gev_file_close(fd), EBADF);
}

static void several_pieces(void)
{
	char a[4] = "abc", b[4] = "def", c[4] = "";
	struct iovec iov[] = { { a, 3 }, { NULL, 0 }, { b, 3 }, { c, 3 } };
	int fd = make("a");

	t_eq(gev_file_pwritev(fd, iov, 3, 1), 6);
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	t_eq(gev_file_preadv(fd, iov, 4, 0), 7);
	t_eq(a[0], 0);
	t_str(a + 1, "ab");
	t_str(b, "cde");
	t_str(c, "f");
	t_eq(gev_file_close(fd), 0);
}

static void errors_are_the_kernels(void)
{
	char c = 0;
	struct iovec iov = { &c, 1 };
	int fd = open("/", O_RDONLY | O_CLOEXEC), pipe_fds[2];

	t_fails(gev_file_open(at("none"), O_RDONLY, 0), ENOENT);
	t_fails(gev_file_open(directory, O_CREAT | O_EXCL, 0), EEXIST);
	t_fails(gev_file_read(fd, &c, 1), EISDIR);
	t_fails(gev_file_write(fd, &c, 1), EBADF);
	t_fails(gev_file_pread(-1, &c, 1, 0), EBADF);
	t_fails(gev_file_pread(fd, &c, 1, -1), EINVAL);
	t_fails(gev_file_preadv(fd, &iov, -1, 0), EINVAL);
	t_fails(gev_file_preadv(fd, &iov, 5000, 0), EINVAL);
	t_fails(gev_file_preadv(fd, NULL, 1, 0), EFAULT);
	t_fails(gev_file_open(NULL, O_RDONLY, 0), EFAULT);
	t_fails(gev_file_rename(at("none"), NULL), EFAULT);
	t_fails(gev_file_rename(at("none"), at("other")), ENOENT);
	t_fails(gev_file_unlink(at("none")), ENOENT);
	t_fails(gev_file_rmdir(at("none")), ENOENT);
	t_fails(gev_file_fsync(-1), EBADF);
	t_fails(gev_file_ftruncate(fd, -1), EINVAL);
	t_fails(gev_file_read_all(NULL, NULL), EINVAL);
	t_fails(gev_file_read_all(at("none"), NULL), ENOENT);
	t_fails(gev_file_read_all("/", NULL), EISDIR);
	t_fails(gev_file_write_all("/", "", 0, 0), EISDIR);
	t_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	t_fails(gev_file_pread(pipe_fds[0], &c, 1, 0), ESPIPE);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(fd);
}

static void same_stat(const struct stat *a, const struct stat *b)
{
	t_eq(a->st_dev, b->st_dev);
	t_eq(a->st_ino, b->st_ino);
	t_eq(a->st_mode, b->st_mode);
	t_eq(a->st_nlink, b->st_nlink);
	t_eq(a->st_uid, b->st_uid);
	t_eq(a->st_gid, b->st_gid);
	t_eq(a->st_rdev, b->st_rdev);
	t_eq(a->st_size, b->st_size);
	t_eq(a->st_blksize, b->st_blksize);
	t_eq(a->st_blocks, b->st_blocks);
	t_eq(a->st_mtim.tv_sec, b->st_mtim.tv_sec);
	t_eq(a->st_mtim.tv_nsec, b->st_mtim.tv_nsec);
	t_eq(a->st_ctim.tv_nsec, b->st_ctim.tv_nsec);
}

static void states(void)
{
	struct stat st, expected;
	int fd = make("a");

	t_eq(gev_file_write(fd, "12345", 5), 5);
	t_eq(gev_file_fstat(fd, &st), 0);
	t_eq(fstat(fd, &expected), 0);
	same_stat(&st, &expected);
	t_eq(gev_file_stat(at("a"), &st), 0);
	same_stat(&st, &expected);
	t_eq(symlink("a", at("link")), 0);
	t_eq(gev_file_lstat(at("link"), &st), 0);
	t_eq(lstat(at("link"), &expected), 0);
	same_stat(&st, &expected);
	t_eq(gev_file_stat("/dev/null", &st), 0);
	t_eq(stat("/dev/null", &expected), 0);
	same_stat(&st, &expected);
	t_fails(gev_file_stat(at("none"), &st), ENOENT);
	t_fails(gev_file_fstat(-1, &st), EBADF);
	t_eq(gev_file_unlink(at("link")), 0);
	t_eq(gev_file_close(fd), 0);
}

static void names(void)
{
	t_eq(gev_file_close(make("a")), 0);
	t_eq(gev_file_mkdir(at("sub"), 0700), 0);
	t_fails(gev_file_mkdir(at("sub"), 0700), EEXIST);
	t_eq(gev_file_rename(at("a"), at("sub/b")), 0);
	t_fails(gev_file_rmdir(at("sub")), ENOTEMPTY);
	t_eq(access(at("a"), F_OK), -1);
	t_eq(access(at("sub/b"), F_OK), 0);
	t_eq(gev_file_unlink(at("sub/b")), 0);
	t_eq(gev_file_rmdir(at("sub")), 0);
	t_eq(access(at("sub"), F_OK), -1);
}

static void sizes_and_syncs(void)
{
	struct stat st;
	int fd = make("a");

	t_eq(gev_file_write(fd, "12345", 5), 5);
	t_eq(gev_file_fsync(fd), 0);
	t_eq(gev_file_fdatasync(fd), 0);
	t_eq(gev_file_ftruncate(fd, 3), 0);
	t_eq(fstat(fd, &st), 0);
	t_eq(st.st_size, 3);
	if (gev_file_fallocate(fd, 0, 0, 8192) == 0) {
		t_eq(fstat(fd, &st), 0);
		t_eq(st.st_size, 8192);
	} else {
		t_eq(errno, EOPNOTSUPP);
	}
	t_eq(gev_file_close(fd), 0);
}

static void whole_files(void)
{
	size_t size = 0;
	char *data = malloc(100000), *read;

	memset(data, 'x', 100000);
	t_eq(gev_file_write_all(at("a"), data, 100000, 0600), 0);
	read = gev_file_read_all(at("a"), &size);
	t_ok(read && size == 100000 && !memcmp(read, data, size));
	free(read);
	free(data);
	t_eq(gev_file_write_all(at("a"), "short", 5, 0600), 0);
	read = gev_file_read_all(at("a"), NULL);
	t_str(read, "short");
	free(read);
	read = gev_file_read_all("/proc/self/smaps", &size);
	t_ok(read && size > 4096 && strlen(read) == size);
	free(read);
	t_eq(gev_file_write_all(at("a"), NULL, 0, 0600), 0);
	read = gev_file_read_all(at("a"), &size);
	t_str(read, "");
	t_eq(size, 0);
	free(read);
}

static void lines_by_a_stream(void)
{
	char line[32];
	int fd = make("a");
	gev_stream *s = gev_file_stream(fd, GEV_STREAM_KEEP);

	for (int i = 0; i < 1000; i++)
		t_ok(gev_stream_printf(s, "line %d\n", i) > 0);
	t_eq(gev_stream_close(s), 0);
	t_eq(lseek(fd, 0, SEEK_SET), 0);
	s = gev_file_stream(fd, 0);
	for (int i = 0; i < 1000; i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "line %d\n", i);
		t_ok(gev_stream_read_line(s, line, sizeof(line)) > 0);
		t_str(line, expected);
	}
	t_eq(gev_stream_read_line(s, line, sizeof(line)), 0);
	t_eq(gev_stream_close(s), 0);
	t_fails(gev_file_stream(fd, 0), EBADF);
	t_fails(gev_file_stream(0, 1000), EINVAL);
}

/* A pipe is the slowest of files. */
struct slow {
	int fds[2];
	char c;
	ssize_t result;
	int error;
};

static void open_slow(struct slow *s)
{
	*s = (struct slow){ .c = 'x', .result = -2 };
	t_eq(pipe2(s->fds, O_CLOEXEC), 0);
}

static void close_slow(struct slow *s)
{
	close(s->fds[0]);
	close(s->fds[1]);
}

static intptr_t read_slow(void *arg)
{
	struct slow *s = arg;

	s->result = gev_file_read(s->fds[0], &s->c, 1);
	s->error = errno;
	return 0;
}

/* A greenlet whose request is under way. */
static gev_greenlet *begin_slow(struct slow *s)
{
	gev_greenlet *g = gev_spawn(read_slow, s);

	gev_sleep(GEV_MS(2));
	t_eq(s->result, -2);
	return g;
}

static void others_run_meanwhile(void)
{
	struct slow s;
	gev_greenlet *g;

	open_slow(&s);
	g = begin_slow(&s);
	t_eq(write(s.fds[1], "y", 1), 1);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(s.result, 1);
	t_eq(s.c, 'y');
	gev_unref(g);
	close_slow(&s);
}

/* From then on its memory is its own again. */
static void killed(void)
{
	struct slow s;
	gev_greenlet *g;

	open_slow(&s);
	g = begin_slow(&s);
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	t_eq(s.result, -1);
	t_eq(s.error, ECANCELED);
	t_eq(write(s.fds[1], "y", 1), 1);
	gev_sleep(GEV_MS(2));
	t_eq(s.c, 'x');
	gev_unref(g);
	close_slow(&s);
}

static void out_of_time(void)
{
	struct slow s;
	gev_timeout t;

	open_slow(&s);
	t_eq(gev_timeout_start(&t, GEV_MS(1)), 0);
	t_fails(gev_file_read(s.fds[0], &s.c, 1), ETIMEDOUT);
	t_ok(gev_timeout_fired(&t));
	t_eq(write(s.fds[1], "y", 1), 1);
	gev_sleep(GEV_MS(1));
	t_eq(s.c, 'x');
	close_slow(&s);
}

static intptr_t open_fifo(void *arg)
{
	(void)arg;
	t_fails(gev_file_open(at("fifo"), O_RDONLY | O_CLOEXEC, 0), ECANCELED);
	t_fails(gev_file_open(at("fifo"), O_WRONLY | O_CLOEXEC, 0), ECANCELED);
	return 0;
}

/* A thread may come to it later. */
static void nothing_stays_open_that_nobody_has(void)
{
	int before = open_descriptors(), writer;
	gev_greenlet *g;

	t_eq(mkfifo(at("fifo"), 0600), 0);
	g = gev_spawn(open_fifo, NULL);
	gev_sleep(GEV_MS(2));
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	writer = open(at("fifo"), O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 20 && open_descriptors() == before + 1; i++)
		gev_sleep(GEV_MS(1));
	close(writer);
	for (int i = 0; i < 1000 && open_descriptors() > before; i++)
		gev_sleep(GEV_MS(1));
	t_eq(unlink(at("fifo")), 0);
	t_eq(open_descriptors(), before);
}

static intptr_t close_after_kill(void *fd)
{
	gev_sleep(GEV_FOREVER);
	gev_file_close((int)(intptr_t)fd);
	return 0;
}

static void a_killed_greenlet_can_close(void)
{
	int fd = make("a");
	gev_greenlet *g = gev_spawn(close_after_kill, (void *)(intptr_t)fd);

	gev_yield();
	t_eq(gev_kill(g, GEV_FOREVER), 0);
	gev_unref(g);
	for (int i = 0; i < 1000 && fcntl(fd, F_GETFD) >= 0; i++)
		gev_sleep(GEV_MS(1));
	t_fails(fcntl(fd, F_GETFD), EBADF);
}

#define MANY 1000

static int many_fd;

static intptr_t read_one(void *number)
{
	uint32_t n = 0, i = (uint32_t)(uintptr_t)number;

	t_eq(gev_file_pread(many_fd, &n, sizeof(n), (off_t)(i * sizeof(n))),
		sizeof(n));
	t_eq(n, i);
	return 0;
}

static void many_at_a_time(void)
{
	uint32_t numbers[MANY];

	for (uint32_t i = 0; i < MANY; i++)
		numbers[i] = i;
	many_fd = make("a");
	t_eq(gev_file_write(many_fd, numbers, sizeof(numbers)),
		sizeof(numbers));
	t_eq(gev_file_fsync(many_fd), 0);
	t_eq(posix_fadvise(many_fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	for (uintptr_t i = 0; i < MANY; i++)
		gev_go(read_one, (void *)i);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(gev_file_close(many_fd), 0);
}

static intptr_t sync_it(void *fd)
{
	t_eq(gev_file_fdatasync((int)(intptr_t)fd), 0);
	return 0;
}

/* More than there is room for completions. */
static void many_slow_ones(void)
{
	int fd = make("a");

	for (int i = 0; i < 700; i++)
		gev_go(sync_it, (void *)(intptr_t)fd);
	t_eq(gev_hub_join(GEV_FOREVER), 0);
	t_eq(gev_file_close(fd), 0);
}

static int in_the_hub(void *done)
{
	int fd = dup(0);
	char c;

	t_fails(gev_file_pread(0, &c, 1, 0), EDEADLK);
	t_fails(gev_file_open("/", O_RDONLY, 0), EDEADLK);
	t_eq(gev_file_close(fd), 0);
	t_fails(gev_file_close(fd), EBADF);
	*(bool *)done = true;
	return 0;
}

static void not_in_a_callback(void)
{
	bool done = false;

	t_eq(gev_hub_post(gev_hub_get(), in_the_hub, &done), 0);
	gev_sleep(GEV_MS(1));
	t_ok(done);
}

static void the_hub_ends_first(void)
{
	struct slow s;
	gev_greenlet *g;

	open_slow(&s);
	g = begin_slow(&s);
	gev_unref(g);
	begin_anew(engine);
	t_eq(write(s.fds[1], "y", 1), 1);
	gev_sleep(GEV_MS(2));
	t_eq(s.c, 'x');
	t_eq(s.result, -2);
	close_slow(&s);
}

static bool child_starts_threads(void)
{
#ifdef __SANITIZE_THREAD__
	t_skip("ThreadSanitizer lets no child start threads");
	return false;
#endif
	if (!t_under("qemu"))
		return true;
	t_skip("qemu-user fails when a forked child starts threads");
	return false;
}

static void in_a_forked_child(void)
{
	struct slow s;
	gev_greenlet *g;
	int status, pid;

	if (strcmp(engine, "thread") == 0 && !child_starts_threads())
		return;
	open_slow(&s);
	g = begin_slow(&s);
	pid = gev_fork();
	if (pid == 0) {
		reads_and_writes();
		is_used();
		_exit(t_failures != 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	if (!t_under("valgrind")) /* the parent's threads' copies are lost */
		t_eq(status, 0);
	t_eq(write(s.fds[1], "y", 1), 1);
	t_eq(gev_join(g, GEV_FOREVER), 0);
	t_eq(s.result, 1);
	gev_unref(g);
	close_slow(&s);
}

static void leaves_nothing_open(void)
{
	int before;

	gev_hub_destroy(GEV_DESTROY_LOOP);
	before = open_descriptors();
	reads_and_writes();
	gev_hub_destroy(GEV_DESTROY_LOOP);
	t_eq(open_descriptors(), before);
}

static void no_memory(void)
{
	char c;
	int fd = make("a");

	inject(SYS_io_uring_enter, EAGAIN);
	t_eq(gev_file_pwrite(fd, "x", 1, 0), 1); /* by a thread then */
	t_eq(gev_file_pread(fd, &c, 1, 0), 1);
	t_eq(c, 'x');
	inject_nothing();
	t_eq(gev_file_pread(fd, &c, 1, 0), 1);
	t_eq(gev_file_close(fd), 0);
}

static void where_there_is_no_io_uring(void)
{
	int fd;

	unsetenv("GEV_LOOP"); /* which would do without, too */
	inject(SYS_io_uring_setup, ENOSYS);
	begin_anew("io_uring");
	fd = dup(0);
	t_fails(gev_file_open("/", O_RDONLY, 0), ENOSYS);
	t_fails(gev_file_engine(), ENOSYS);
	t_eq(gev_file_close(fd), 0);
	begin_anew("auto");
	t_str(gev_file_engine(), "thread");
	reads_and_writes();
	inject(SYS_io_uring_setup, EPERM);
	begin_anew("auto");
	t_str(gev_file_engine(), "thread");
	inject_nothing();
	begin_anew("auto");
}

/* What is short now may be there the next time. */
static void when_there_is_no_room_for_an_io_uring(void)
{
	static const int codes[] = { EMFILE, ENFILE, ENOMEM };
	struct stat st;

	unsetenv("GEV_LOOP");
	begin_anew("auto");
	if (strcmp(gev_file_engine(), "io_uring")) {
		t_skip("no io_uring here");
		return;
	}
	for (int i = 0; i < 3; i++) {
		begin_anew(i ? "io_uring" : "auto");
		inject(SYS_io_uring_setup, codes[i]);
		if (i)
			t_fails(gev_file_stat("/", &st), codes[i]);
		else
			t_eq(gev_file_stat("/", &st), 0); /* by a thread */
		inject_nothing();
		t_str(gev_file_engine(), "io_uring");
		t_eq(gev_file_stat("/", &st), 0);
	}
	begin_anew("auto");
}

static void no_such_engine(void)
{
	int fd = dup(0);

	begin_anew("bogus");
	t_fails(gev_file_open("/", O_RDONLY, 0), EINVAL);
	t_fails(gev_file_engine(), EINVAL);
	t_eq(gev_file_close(fd), 0);
	begin_anew("");
	t_ok(gev_file_engine() != NULL);
	begin_anew("auto");
}

struct test {
	const char *name;
	void (*fn)(void);
};

#define TEST(fn) { #fn, fn }

static const struct test all[] = { TEST(is_used), TEST(reads_and_writes),
	TEST(several_pieces), TEST(errors_are_the_kernels), TEST(states),
	TEST(names), TEST(sizes_and_syncs), TEST(whole_files), TEST(lines_by_a_stream),
	TEST(others_run_meanwhile), TEST(killed), TEST(out_of_time),
	TEST(nothing_stays_open_that_nobody_has),
	TEST(a_killed_greenlet_can_close), TEST(many_at_a_time),
	TEST(many_slow_ones), TEST(not_in_a_callback), TEST(the_hub_ends_first),
	TEST(in_a_forked_child), TEST(leaves_nothing_open), TEST(no_memory) };

static void run_all(const char *with)
{
	static char names[64];

	begin_anew(with);
	engine = with;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(names, sizeof(names), "%s_%s", with, all[i].name);
		t_run(all[i].fn, names);
	}
}

static void no_io_uring(void)
{
	t_skip("no io_uring here");
}

static void not_under_valgrind(void)
{
	t_skip("valgrind does not see what an io_uring writes");
}

int main(void)
{
	t_ok(mkdtemp(directory));
	begin_anew("auto");
	if (t_under("valgrind"))
		T_RUN(not_under_valgrind);
	else if (strcmp(gev_file_engine(), "io_uring") == 0)
		run_all("io_uring");
	else
		T_RUN(no_io_uring);
	run_all("thread");
	T_RUN(where_there_is_no_io_uring);
	T_RUN(when_there_is_no_room_for_an_io_uring);
	T_RUN(no_such_engine);
	unlink(at("a"));
	rmdir(directory);
	return t_done();
}
