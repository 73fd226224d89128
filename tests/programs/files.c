/* SPDX-License-Identifier: MIT */
/*
 * Files, with other threads about: what calls say, where the position is
 * afterwards, and that nobody stands still while a disk does its work.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include "program.h"

#define BIG (8u << 20)
#define BLOCK 4096
#define RECORDS 4096
#define THREADS 4

static char path[] = "/tmp/gev-files-XXXXXX";
static volatile bool stop;
static volatile long count;

static void *counts(void *arg)
{
	(void)arg;
	while (!stop) {
		count++;
		sched_yield();
	}
	return NULL;
}

/* From the disk again the next time, if there is one. */
static void forget(int fd)
{
	fsync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static bool is_on_disk(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type != TMPFS_MAGIC;
}

static bool others_run_in_fsync(int fd)
{
	for (int i = 0; i < 500; i++) {
		long before;

		if (pwrite(fd, &i, sizeof(i), 0) != sizeof(i))
			return false;
		before = count;
		if (fsync(fd) < 0)
			return false;
		if (count - before >= 50)
			return true;
	}
	return false;
}

static void sync_lets_others_run(int fd)
{
	say(!is_on_disk(fd) || others_run_in_fsync(fd),
		"others run while a file is written to the disk");
}

static void fill(int fd, char *data)
{
	for (unsigned i = 0; i < BIG; i++)
		data[i] = (char)(i * 7 + i / BLOCK);
	say(write(fd, data, BIG) == BIG && lseek(fd, 0, SEEK_CUR) == BIG,
		"a large write is written as a whole");
}

static void read_whole(int fd, const char *data, char *copy)
{
	forget(fd);
	lseek(fd, 0, SEEK_SET);
	say(read(fd, copy, BIG) == BIG && !memcmp(copy, data, BIG),
		"a large read comes as a whole");
	say(read(fd, copy, BIG) == 0, "then it is at the end");
	lseek(fd, -10, SEEK_END);
	say(read(fd, copy, 100) == 10 && !memcmp(copy, data + BIG - 10, 10),
		"what is short of the end is what there is");
}

static void read_at(int fd, const char *data, char *copy)
{
	struct iovec v[2] = { { copy, 3 }, { copy + 3, BLOCK } };

	forget(fd);
	lseek(fd, 5, SEEK_SET);
	say(pread(fd, copy, BLOCK, 12345) == BLOCK &&
			!memcmp(copy, data + 12345, BLOCK) &&
			lseek(fd, 0, SEEK_CUR) == 5,
		"pread leaves the position as it was");
	say(preadv(fd, v, 2, 54321) == BLOCK + 3 &&
			!memcmp(copy, data + 54321, BLOCK + 3),
		"preadv fills all parts");
	say(preadv2(fd, v, 2, -1, 0) == BLOCK + 3 &&
			!memcmp(copy, data + 5, BLOCK + 3) &&
			lseek(fd, 0, SEEK_CUR) == BLOCK + 8,
		"preadv2 at -1 moves the position");
	say(readv(fd, v, 2) == BLOCK + 3 &&
			!memcmp(copy, data + BLOCK + 8, BLOCK + 3),
		"and readv goes on there");
	say(pread(fd, copy, 1, -1) < 0 && errno == EINVAL,
		"pread at -1 is wrong");
}

static void write_at(int fd, char *copy)
{
	struct iovec v[2] = { { (char *)"ab", 2 }, { (char *)"cde", 3 } };

	lseek(fd, 7, SEEK_SET);
	say(pwritev(fd, v, 2, 1000) == 5 && lseek(fd, 0, SEEK_CUR) == 7 &&
			pread(fd, copy, 5, 1000) == 5 &&
			!memcmp(copy, "abcde", 5),
		"pwritev leaves the position as it was");
	say(writev(fd, v, 2) == 5 && lseek(fd, 0, SEEK_CUR) == 12,
		"writev moves it");
	say(pwritev2(fd, v, 2, 2000, RWF_DSYNC) == 5 &&
			pread(fd, copy, 5, 2000) == 5 &&
			!memcmp(copy, "abcde", 5),
		"what is to reach the disk does");
	say(fdatasync(fd) == 0, "fdatasync");
}

static void wrong(void)
{
	int in = open(path, O_RDONLY), out = open(path, O_WRONLY);
	int ends[2];
	char c = 0;

	say(read(out, &c, 1) < 0 && errno == EBADF, "read where it is not");
	say(write(in, &c, 1) < 0 && errno == EBADF, "write where it is not");
	say(syscall(SYS_read, in, 8L, 1L) < 0 && errno == EFAULT,
		"read to nowhere");
	say(pipe(ends) == 0 && fsync(ends[0]) < 0 && errno == EINVAL,
		"a pipe is not synced");
	say(fsync(-1) < 0 && errno == EBADF, "nor what is not open");
	close(ends[0]);
	close(ends[1]);
	close(in);
	close(out);
}

static void direct(char *copy)
{
	int fd = open(path, O_RDWR | O_DIRECT);
	char *at = copy + (BLOCK - (uintptr_t)copy % BLOCK);
	bool right = true;

	if (fd >= 0) {
		memset(at, 'd', BLOCK);
		right = pwrite(fd, at, BLOCK, BLOCK) == BLOCK;
		memset(at, 0, BLOCK);
		right = right && pread(fd, at, BLOCK, BLOCK) == BLOCK &&
			at[0] == 'd' && at[BLOCK - 1] == 'd';
		right = right && read(fd, at, BLOCK) == BLOCK &&
			lseek(fd, 0, SEEK_CUR) == BLOCK;
		right = right && pread(fd, at, BLOCK, BIG) == 0;
		close(fd);
	}
	say(right, "without the page cache");
}

static int shared;
static long sums[THREADS];

static void *take_records(void *arg)
{
	long *sum = arg;
	unsigned record;

	while (read(shared, &record, sizeof(record)) == sizeof(record))
		*sum += record;
	return NULL;
}

static void share_position(int fd)
{
	pthread_t t[THREADS];
	unsigned records[RECORDS];
	long sum = 0;

	for (unsigned i = 0; i < RECORDS; i++)
		records[i] = i;
	say(ftruncate(fd, 0) == 0 && pwrite(fd, records, sizeof(records), 0) ==
			sizeof(records), "records are written");
	forget(fd);
	lseek(fd, 0, SEEK_SET);
	shared = fd;
	for (int i = 0; i < THREADS; i++)
		t[i] = begin(take_records, &sums[i]);
	for (int i = 0; i < THREADS; i++)
		finish(t[i]);
	for (int i = 0; i < THREADS; i++)
		sum += sums[i];
	say(sum == RECORDS * (RECORDS - 1l) / 2, "each is read by one thread");
}

static void *writes_lines(void *arg)
{
	const int fd = *(int *)arg;
	char line[100];

	memset(line, 'a' + fd % 20, sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 20; i++)
		if (write(fd, line, sizeof(line)) != sizeof(line))
			return arg;
	return NULL;
}

/* Copies of a descriptor have one position. */
static void write_copies(int fd, char *copy)
{
	const long size = THREADS * 20 * 100;
	pthread_t t[THREADS];
	int fds[THREADS];

	say(ftruncate(fd, 0) == 0, "it is emptied");
	fds[0] = open(path, O_WRONLY | O_DSYNC);
	for (int i = 0; i < THREADS; i++) {
		fds[i] = i ? dup(fds[0]) : fds[0];
		t[i] = begin(writes_lines, &fds[i]);
	}
	for (int i = 0; i < THREADS; i++)
		finish(t[i]);
	say(lseek(fds[0], 0, SEEK_CUR) == size &&
			pread(fd, copy, BIG, 0) == size,
		"lines of several threads by copies of a descriptor");
	for (int i = 0; i < THREADS; i++)
		close(fds[i]);
}

static void *appends(void *arg)
{
	int fd = open(path, O_WRONLY | O_APPEND | (arg ? O_DSYNC : 0));
	char line[100];

	memset(line, arg ? 'y' : 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 20; i++)
		if (write(fd, line, sizeof(line)) != sizeof(line))
			return arg;
	close(fd);
	return NULL;
}

static bool are_lines(const char *at, const char *end)
{
	for (; at < end; at += 100)
		for (int i = 0; i < 99; i++)
			if (at[i] != at[0] || at[99] != '\n')
				return false;
	return true;
}

static void append(int fd, char *copy)
{
	const long size = THREADS * 20 * 100;
	pthread_t t[THREADS];

	say(ftruncate(fd, 0) == 0, "it is emptied");
	for (int i = 0; i < THREADS; i++)
		t[i] = begin(appends, i % 2 ? path : NULL);
	for (int i = 0; i < THREADS; i++)
		finish(t[i]);
	say(pread(fd, copy, BIG, 0) == size && are_lines(copy, copy + size),
		"lines of several threads are appended whole");
}

static void in_a_child(int fd)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(pwrite(fd, "c", 1, 0) == 1 && fsync(fd) == 0 ? 3 : 4);
	waitpid(child, &status, 0);
	say(WIFEXITED(status) && WEXITSTATUS(status) == 3 && fsync(fd) == 0,
		"a child does the same");
}

static volatile int over;

static void *write_on(void *arg)
{
	while (!over && write(*(int *)arg, "x", 1) == 1)
		;
	return NULL;
}

/* Who was at the position in the parent is not in the child. */
static void in_a_child_with_threads(void)
{
	int fd = open(path, O_WRONLY | O_DSYNC), status = -1;
	pthread_t t = begin(write_on, &fd);
	pid_t child;

	pause_ms(20);
	child = fork();
	if (child == 0) {
		alarm(5);
		begin(counts, NULL);
		_exit(write(fd, "c", 1) != 1);
	}
	say(waitpid(child, &status, 0) == child && status == 0,
		"and one with threads");
	over = 1;
	finish(t);
	close(fd);
}

int main(void)
{
	char *data = malloc(BIG), *copy = malloc(BIG + BLOCK);
	int fd = mkstemp(path);
	pthread_t t = begin(counts, NULL);

	fill(fd, data);
	read_whole(fd, data, copy);
	read_at(fd, data, copy);
	write_at(fd, copy);
	wrong();
	direct(copy);
	sync_lets_others_run(fd);
	share_position(fd);
	write_copies(fd, copy);
	append(fd, copy);
	in_a_child(fd);
	in_a_child_with_threads();
	stop = true;
	finish(t);
	unlink(path);
	free(data);
	free(copy);
	return 0;
}
