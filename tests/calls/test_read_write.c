/* SPDX-License-Identifier: MIT */
/* read, write, readv, writev: results and errors as those of POSIX. */
#include <limits.h>
#include <signal.h>
#include <sys/eventfd.h>
#include "pair.h"

#define BIG (1 << 20)

static enum sort sort;
static char big[BIG];
static atomic_int sigpipes;

static void count_sigpipe(int signum)
{
	(void)signum;
	sigpipes++;
}

static void each_sort(void (*scenario)(const struct world *w),
	bool (*wanted)(enum sort sort), const char *file, int line)
{
	for (sort = 0; sort < SORTS; sort++) {
		int before = t_failures;

		if (wanted && !wanted(sort))
			continue;
		same_at(scenario, file, line);
		if (t_failures > before)
			printf("# with %s\n", sort_names[sort]);
	}
}

#define EACH(scenario, wanted) each_sort(scenario, wanted, __FILE__, __LINE__)

static uint32_t checksum(const void *buf, size_t size)
{
	const unsigned char *p = buf;
	uint32_t sum = 1;

	while (size--)
		sum = sum * 31 + *p++;
	return sum;
}

static void fill_big(void)
{
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 251);
}

static void what_is_written_is_read(const struct world *w)
{
	int fds[2];
	char buf[16] = "";

	make_pair(w, sort, fds);
	NOTE(w->write(fds[1], "hello", 5));
	NOTE(w->read(fds[0], buf, sizeof(buf)));
	t_log("%s ", buf);
	NOTE(w->write(fds[1], "more", 4));
	NOTE(w->write(fds[1], "over", 4));
	NOTE(w->read(fds[0], buf, 4));
	NOTE(w->read(fds[0], buf, 2));
	t_log("%.4s ", buf);
	close_pair(w, fds);
}

static void written_is_read(void)
{
	EACH(what_is_written_is_read, NULL);
}

static void read_into(struct actor *a)
{
	errno = 0;
	a->result = a->w->read(a->fd, a->buf, a->size);
	a->error = errno;
}

static void reader_waits_for_a_writer(const struct world *w)
{
	int fds[2];
	char buf[16] = "";
	struct actor a = { .fn = read_into, .w = w, .buf = buf, .size = 16 };

	make_pair(w, sort, fds);
	a.fd = fds[0];
	w->start(&a);
	w->settle(&a);
	t_ok(!a.ended);
	NOTE(w->write(fds[1], "late", 4));
	w->join(&a);
	errno = a.error;
	note("read", a.result);
	t_log("%s ", buf);
	close_pair(w, fds);
}

static void read_waits(void)
{
	EACH(reader_waits_for_a_writer, NULL);
}

static void empty_reads_and_writes(const struct world *w)
{
	int fds[2];
	char buf[8];
	struct iovec none[2] = { { buf, 0 }, { NULL, 0 } };

	make_pair(w, sort, fds);
	NOTE(w->read(fds[0], buf, 0));
	NOTE(w->readv(fds[0], none, 2));
	NOTE(w->readv(fds[0], none, 0));
	NOTE(w->write(fds[1], buf, 0));
	NOTE(w->writev(fds[1], none, 2));
	NOTE(w->writev(fds[1], none, 0));
	NOTE(w->write(fds[1], "x", 1));
	NOTE(w->read(fds[0], buf, 0));
	NOTE(w->read(fds[0], buf, 8));
	if (sort == UDP4 || sort == UDP6 || sort == UNIX_DGRAM)
		NOTE(w->read(fds[0], buf, 8));
	close_pair(w, fds);
}

static bool not_pty(enum sort s)
{
	return s != PTY;
}

static void empty_ones(void)
{
	EACH(empty_reads_and_writes, not_pty);
}

static void vectors_are_scattered_and_gathered(const struct world *w)
{
	int fds[2];
	char a[3], b[4], c[20];
	struct iovec out[] = { { "ab", 2 }, { NULL, 0 }, { "cdefgh", 6 } };
	struct iovec in[] = { { a, 3 }, { b, 4 }, { c, 20 } };

	make_pair(w, sort, fds);
	NOTE(w->writev(fds[1], out, 3));
	NOTE(w->readv(fds[0], in, 3));
	t_log("%.3s %.4s %.1s ", a, b, c);
	close_pair(w, fds);
}

static void vectors(void)
{
	EACH(vectors_are_scattered_and_gathered, NULL);
}

static void write_big(struct actor *a)
{
	errno = 0;
	a->result = a->w->write(a->fd, big, a->size);
	a->error = errno;
}

static void writev_big(struct actor *a)
{
	static struct iovec iov[200];
	size_t piece = a->size / 200;

	for (int i = 0; i < 200; i++)
		iov[i] = (struct iovec){ big + i * piece,
			i < 199 ? piece : a->size - i * piece };
	errno = 0;
	a->result = a->w->writev(a->fd, iov, 200);
	a->error = errno;
}

/* However little the other side takes at a time, all of it comes through. */
static void read_bit_by_bit(const struct world *w, void (*fn)(struct actor *a))
{
	static char got[BIG];
	int fds[2];
	size_t n = 0;
	struct actor a = { .fn = fn, .w = w,
		.size = sort == PTY ? 100001 : BIG };

	memset(got, 0, sizeof(got));
	make_pair(w, sort, fds);
	a.fd = fds[1];
	w->start(&a);
	w->settle(&a);
	while (n < a.size) {
		ssize_t r = w->read(fds[0], got + n, 30011);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	w->join(&a);
	t_log("%zu of %ld, %x ", n, a.result, checksum(got, n));
	close_pair(w, fds);
}

static void a_big_write_is_whole(const struct world *w)
{
	read_bit_by_bit(w, write_big);
}

static void a_big_writev_is_whole(const struct world *w)
{
	read_bit_by_bit(w, writev_big);
}

static void big_writes(void)
{
	EACH(a_big_write_is_whole, is_stream);
	EACH(a_big_writev_is_whole, is_stream);
}

static void at_the_end_is_nothing(const struct world *w)
{
	int fds[2];
	char buf[8];

	make_pair(w, sort, fds);
	NOTE(w->write(fds[1], "x", 1));
	w->close(fds[1]);
	NOTE(w->read(fds[0], buf, 8));
	NOTE(w->read(fds[0], buf, 8));
	NOTE(w->read(fds[0], buf, 8));
	w->close(fds[0]);
}

static bool ends(enum sort s)
{
	return is_stream(s) || s == UNIX_SEQPACKET;
}

static void end_of_file(void)
{
	EACH(at_the_end_is_nothing, ends);
}

static void nobody_is_left_to_read(const struct world *w)
{
	int fds[2];

	make_pair(w, sort, fds);
	w->close(fds[0]);
	sigpipes = 0;
	if (sort == TCP4 || sort == TCP6) /* the answer to this is the reset */
		NOTE(w->write(fds[1], "x", 1));
	NOTE(w->write(fds[1], "x", 1));
	NOTE(w->write(fds[1], "x", 1));
	NOTE(w->writev(fds[1], &(struct iovec){ "x", 1 }, 1));
	t_log("%d signals ", sigpipes);
	w->close(fds[1]);
}

static void broken_pipe(void)
{
	EACH(nobody_is_left_to_read, ends);
}

/* The part that went through counts; what ended it is for the next write. */
static void the_reader_leaves_in_the_middle(const struct world *w)
{
	int fds[2];
	struct actor a = { .fn = write_big, .w = w, .size = BIG };

	make_pair(w, sort, fds);
	a.fd = fds[1];
	sigpipes = 0;
	w->start(&a);
	w->settle(&a);
	w->close(fds[0]);
	w->join(&a);
	t_log("%s, %d signals ", a.result > 0 && a.result < BIG ? "part" : "?",
		sigpipes);
	NOTE(w->write(fds[1], "x", 1));
	NOTE(w->write(fds[1], "x", 1));
	t_log("%d signals ", sigpipes);
	w->close(fds[1]);
}

static bool big_ones(enum sort s)
{
	return s == TCP4 || s == UNIX_STREAM || s == PIPE || s == FIFO;
}

static void partial_writes(void)
{
	EACH(the_reader_leaves_in_the_middle, big_ones);
}

static void bad_memory(const struct world *w)
{
	int fds[2];
	char *none = NULL;
	struct iovec bad = { NULL, 5 };
	struct iovec *no_vector = NULL;

	make_pair(w, sort, fds);
	NOTE(w->write(fds[1], none, 5));
	NOTE(w->writev(fds[1], &bad, 1));
	NOTE(w->writev(fds[1], no_vector, 1));
	NOTE(w->write(fds[1], "hello", 5));
	NOTE(w->read(fds[0], none, 5));
	NOTE(w->readv(fds[0], no_vector, 1));
	NOTE(w->readv(fds[0], &bad, -1));
	NOTE(w->readv(fds[0], &bad, IOV_MAX + 1));
	NOTE(w->writev(fds[1], &bad, IOV_MAX + 1));
	close_pair(w, fds);
}

static void faults(void)
{
	if (t_under("valgrind"))
		t_skip("valgrind takes the faults for mistakes");
	else
		EACH(bad_memory, not_pty);
}

static void the_wrong_side(const struct world *w)
{
	int fds[2];
	char c = 0;

	make_pair(w, sort, fds);
	NOTE(w->read(fds[1], &c, 1));
	NOTE(w->write(fds[0], &c, 1));
	close_pair(w, fds);
}

static bool one_way(enum sort s)
{
	return s == PIPE || s == FIFO;
}

static void wrong_sides(void)
{
	EACH(the_wrong_side, one_way);
}

static void files_and_devices(const struct world *w)
{
	static const char *const paths[] = { "/dev/null", "/dev/zero",
		"/dev/full", "/" };
	char buf[5] = "....";

	for (int i = 0; i < 4; i++) {
		int fd = open(paths[i], i < 3 ? O_RDWR : O_RDONLY);

		if (w == &gev_world)
			gev_forget(fd);
		NOTE(w->read(fd, buf, 4));
		NOTE(w->write(fd, buf, 4));
		t_log("%02x ", (unsigned char)buf[0]);
		w->close(fd);
	}
}

static void devices(void)
{
	same(files_and_devices);
}

static int temporary(const struct world *w)
{
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	fclose(f);
	if (w == &gev_world)
		gev_forget(fd);
	return fd;
}

static void a_file_is_a_file(const struct world *w)
{
	int fd = temporary(w);
	char buf[16] = "";

	NOTE(w->write(fd, "0123456789", 10));
	t_eq(lseek(fd, 3, SEEK_SET), 3);
	NOTE(w->write(fd, "abc", 3));
	NOTE(w->read(fd, buf, 16));
	NOTE(w->read(fd, buf, 16));
	t_log("%s ", buf);
	NOTE(w->fcntl(fd, F_SETFL, O_APPEND));
	t_eq(lseek(fd, 0, SEEK_SET), 0);
	NOTE(w->write(fd, "end", 3));
	t_log("%d ", (int)lseek(fd, 0, SEEK_CUR));
	t_log("%d ", w->fcntl(fd, F_GETFL) & O_APPEND);
	NOTE(w->accept(fd, NULL, NULL));
	NOTE(w->recv(fd, buf, 1, 0));
	w->close(fd);
}

static void regular_files(void)
{
	same(a_file_is_a_file);
}

static void write_number(struct actor *a)
{
	errno = 0;
	a->result = a->w->write(a->fd, a->buf, 8);
	a->error = errno;
}

static void an_eventfd_counts(const struct world *w)
{
	int fd = eventfd(0, 0);
	uint64_t most = UINT64_MAX - 1, one = 1, got = 0;
	struct actor reader = { .fn = read_into, .w = w, .fd = fd, .buf = &got,
		.size = 8 };
	struct actor writer = { .fn = write_number, .w = w, .fd = fd,
		.buf = &one };

	if (w == &gev_world)
		gev_forget(fd);
	w->start(&reader);
	w->settle(&reader);
	NOTE(w->write(fd, &most, 8));
	w->join(&reader);
	t_log("%ld %llx ", reader.result, (long long)got);
	NOTE(w->write(fd, &most, 8));
	w->start(&writer);
	w->settle(&writer);
	t_ok(!writer.ended);
	NOTE(w->read(fd, &got, 8));
	w->join(&writer);
	t_log("%ld ", writer.result);
	NOTE(w->read(fd, &got, 8));
	NOTE(w->write(fd, &one, 4));
	w->close(fd);
}

static void eventfds(void)
{
	same(an_eventfd_counts);
}

int main(void)
{
	struct sigaction ignore = { .sa_handler = count_sigpipe };

	sigaction(SIGPIPE, &ignore, NULL);
	fill_big();
	T_RUN(written_is_read);
	T_RUN(read_waits);
	T_RUN(empty_ones);
	T_RUN(vectors);
	T_RUN(big_writes);
	T_RUN(end_of_file);
	T_RUN(broken_pipe);
	T_RUN(partial_writes);
	T_RUN(faults);
	T_RUN(wrong_sides);
	T_RUN(devices);
	T_RUN(regular_files);
	T_RUN(eventfds);
	return t_done();
}
