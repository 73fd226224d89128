/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait and are easily forgotten.  In each a thread waits for what
 * main does only when it is there: if it stopped the others, that would never
 * be.
 */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "waiting.h"

static char directory[] = "/tmp/gev-forgotten-XXXXXX";
static char path[64];

static void *open_to_read(void *arg)
{
	(void)arg;
	ready = 1;
	return (void *)(intptr_t)open(path, O_RDONLY);
}

static void fifo(void)
{
	pthread_t t;
	int in, out;
	char c;

	mkfifo(path, 0600);
	t = start(open_to_read, NULL);
	out = open(path, O_WRONLY);
	in = (int)(intptr_t)finish(t);
	say(in >= 0 && out >= 0 && write(out, "f", 1) == 1 &&
			read(in, &c, 1) == 1,
		"opening a FIFO");
	close(in);
	close(out);
	unlink(path);
}

static void *open_to_write(void *arg)
{
	(void)arg;
	ready = 1;
	return (void *)(intptr_t)open(path, O_WRONLY);
}

static void fifo_to_write(void)
{
	pthread_t t;
	int in, out;
	char c;

	mkfifo(path, 0600);
	t = start(open_to_write, NULL);
	in = open(path, O_RDONLY);
	out = (int)(intptr_t)finish(t);
	say(in >= 0 && out >= 0 && write(out, "f", 1) == 1 &&
			read(in, &c, 1) == 1,
		"and at the other end");
	say(!(fcntl(in, F_GETFL) & O_NONBLOCK) &&
			!(fcntl(out, F_GETFL) & O_NONBLOCK),
		"with the flags that were asked for");
	close(in);
	close(out);
	unlink(path);
}

#define LARGE (1 << 20)
static char large[LARGE];

static void *write_large(void *arg)
{
	ready = 1;
	return (void *)(intptr_t)write(*(int *)arg, large, LARGE);
}

static void pipes(void)
{
	int fds[2];
	size_t got = 0;
	ssize_t n;
	char buf[5000];
	pthread_t t;

	say(pipe(fds) == 0, "a pipe");
	t = start(write_large, &fds[1]);
	while (got < LARGE && (n = read(fds[0], buf, sizeof(buf))) > 0)
		got += (size_t)n;
	say(finish(t) == (void *)LARGE && got == LARGE,
		"a large write to a pipe is whole");
	close(fds[0]);
	close(fds[1]);
}

static void *receive_two(void *arg)
{
	char a[4], b[4];
	struct iovec v[2] = { { a, 4 }, { b, 4 } };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &v[0],
					  .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &v[1], .msg_iovlen = 1 } } };

	ready = 1;
	return (void *)(intptr_t)recvmmsg(*(int *)arg, m, 2, 0, NULL);
}

static void messages(void)
{
	struct iovec v = { "abc", 3 };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &v,
					  .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } } };
	int pair[2];
	pthread_t t;

	say(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "a socket pair");
	t = start(receive_two, &pair[0]);
	say(sendmmsg(pair[1], m, 2, 0) == 2 && finish(t) == (void *)2,
		"recvmmsg and sendmmsg");
	close(pair[0]);
	close(pair[1]);
}

static int from[2], to[2];

static void *splice_it(void *arg)
{
	(void)arg;
	ready = 1;
	return (void *)(intptr_t)splice(from[0], NULL, to[1], NULL, 100, 0);
}

static void *tee_it(void *arg)
{
	(void)arg;
	ready = 1;
	return (void *)(intptr_t)tee(from[0], to[1], 100, 0);
}

static void *vmsplice_it(void *arg)
{
	struct iovec v = { "again", 5 };

	(void)arg;
	ready = 1;
	return (void *)(intptr_t)vmsplice(to[1], &v, 1, 0);
}

static void full_pipe(void)
{
	struct iovec v = { "full", 4 };
	char buf[4096];
	size_t n = 0;
	pthread_t t;

	while (vmsplice(to[1], &v, 1, SPLICE_F_NONBLOCK) == 4)
		n++;
	say(n > 1 && errno == EAGAIN, "vmsplice until the pipe is full");
	t = start(vmsplice_it, NULL);
	say(read(to[0], buf, sizeof(buf)) > 0 && finish(t) == (void *)5,
		"and then until it is not");
}

static void splices(void)
{
	struct iovec v = { "vmsplice", 8 };
	char buf[16];
	pthread_t t;

	say(pipe(from) == 0 && pipe(to) == 0, "two pipes");
	t = start(splice_it, NULL);
	say(write(from[1], "spliced", 7) == 7 && finish(t) == (void *)7 &&
			read(to[0], buf, sizeof(buf)) == 7,
		"splice");
	t = start(tee_it, NULL);
	say(vmsplice(from[1], &v, 1, 0) == 8 && finish(t) == (void *)8 &&
			read(to[0], buf, sizeof(buf)) == 8 &&
			!memcmp(buf, "vmsplice", 8),
		"tee and vmsplice");
	full_pipe();
}

static void *receive_mq(void *arg)
{
	char buf[64];

	ready = 1;
	return (void *)(intptr_t)mq_receive(*(mqd_t *)arg, buf, sizeof(buf),
		NULL);
}

static void *send_mq(void *arg)
{
	ready = 1;
	return (void *)(intptr_t)mq_send(*(mqd_t *)arg, "third", 5, 0);
}

static bool times_out(mqd_t q)
{
	struct timespec end;
	char buf[64];

	clock_gettime(CLOCK_REALTIME, &end);
	return mq_timedreceive(q, buf, sizeof(buf), NULL, &end) < 0 &&
	       errno == ETIMEDOUT;
}

static void full_queue(mqd_t q)
{
	char buf[64];
	pthread_t t;

	say(times_out(q), "in time");
	mq_send(q, "1", 1, 0);
	mq_send(q, "2", 1, 0);
	t = start(send_mq, &q);
	say(mq_receive(q, buf, sizeof(buf), NULL) == 1 && finish(t) == NULL,
		"mq_send");
}

static void posix_queues(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 64 };
	char name[64];
	mqd_t q;
	pthread_t t;

	snprintf(name, sizeof(name), "/gev-forgotten-%d", (int)getpid());
	q = mq_open(name, O_RDWR | O_CREAT, 0600, &attr);
	if (q < 0) {
		say(true, "mq_receive"); /* not in this kernel */
		return;
	}
	mq_unlink(name);
	t = start(receive_mq, &q);
	say(mq_send(q, "hello", 5, 0) == 0 && finish(t) == (void *)5,
		"mq_receive");
	full_queue(q);
	mq_close(q);
}

struct message {
	long type;
	char text[8];
};

static void *receive_message(void *arg)
{
	struct message m;

	ready = 1;
	return (void *)(intptr_t)msgrcv(*(int *)arg, &m, sizeof(m.text), 0, 0);
}

static void *send_message(void *arg)
{
	struct message m = { 2, "another" };

	ready = 1;
	return (void *)(intptr_t)msgsnd(*(int *)arg, &m, sizeof(m.text), 0);
}

static void full_message_queue(int q)
{
	struct message m = { 1, "message" };
	struct msqid_ds ds;
	pthread_t t;

	msgctl(q, IPC_STAT, &ds);
	ds.msg_qbytes = 8;
	msgctl(q, IPC_SET, &ds);
	msgsnd(q, &m, 8, 0);
	t = start(send_message, &q);
	say(msgrcv(q, &m, 8, 1, 0) == 8 && finish(t) == NULL &&
			msgrcv(q, &m, 8, 2, 0) == 8,
		"msgsnd");
}

static bool semaphore_times_out(int s)
{
	struct sembuf op = { 0, -1, 0 };
	struct timespec soon = { 0, 5000000 };

	return semtimedop(s, &op, 1, &soon) < 0 && errno == EAGAIN;
}

static void *take(void *arg)
{
	struct sembuf op = { 0, -1, 0 };

	ready = 1;
	return (void *)(intptr_t)semop(*(int *)arg, &op, 1);
}

static void system_v(void)
{
	int q = msgget(IPC_PRIVATE, 0600), s = semget(IPC_PRIVATE, 1, 0600);
	struct message m = { 1, "message" };
	struct sembuf op = { 0, 1, 0 };
	pthread_t t = start(receive_message, &q);

	say(msgsnd(q, &m, 8, 0) == 0 && finish(t) == (void *)8, "msgrcv");
	t = start(take, &s);
	say(semop(s, &op, 1) == 0 && finish(t) == NULL, "semop");
	say(semaphore_times_out(s), "semtimedop in vain");
	full_message_queue(q);
	msgctl(q, IPC_RMID, NULL);
	semctl(s, 0, IPC_RMID);
}

static void descriptors(void)
{
	struct itimerspec soon = { .it_value = { 0, 10000000 } };
	int fd = eventfd(0, 0);
	uint64_t one = 1;
	pthread_t t = start(read_any, &fd);

	say(write(fd, &one, 8) == 8 && finish(t) == (void *)8, "eventfd");
	close(fd);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	timerfd_settime(fd, 0, &soon, NULL);
	say(finish(start(read_any, &fd)) == (void *)8, "timerfd");
	close(fd);
	fd = inotify_init();
	inotify_add_watch(fd, directory, IN_CREATE);
	t = start(read_any, &fd);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	say((intptr_t)finish(t) > 0, "inotify");
	close(fd);
	unlink(path);
}

static void *lock_file(void *arg)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open(path, O_RDWR);

	ready = 1;
	if (arg)
		return (void *)(intptr_t)fcntl(fd, F_OFD_SETLKW, &l);
	return (void *)(intptr_t)flock(fd, LOCK_EX);
}

static void file_locks(void)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open(path, O_CREAT | O_RDWR, 0600);
	pthread_t t;

	flock(fd, LOCK_EX);
	t = start(lock_file, NULL);
	flock(fd, LOCK_UN);
	say(finish(t) == NULL, "flock");
	fcntl(fd, F_OFD_SETLK, &l);
	t = start(lock_file, &l);
	l.l_type = F_UNLCK;
	fcntl(fd, F_OFD_SETLK, &l);
	say(finish(t) == NULL, "F_OFD_SETLKW");
	close(fd);
	unlink(path);
}

static void *wait_aio(void *arg)
{
	struct io_event event;

	ready = 1;
	return (void *)syscall(SYS_io_getevents, *(aio_context_t *)arg, 1L, 1L,
		&event, NULL);
}

static void own_aio(void)
{
	aio_context_t context = 0;
	struct iocb poll = { .aio_lio_opcode = IOCB_CMD_POLL,
		.aio_buf = POLLIN }, *list = &poll;
	int fds[2];
	pthread_t t;

	if (pipe(fds) < 0 || syscall(SYS_io_setup, 4, &context) < 0) {
		say(true, "io_getevents"); /* not in this kernel */
		return;
	}
	poll.aio_fildes = (unsigned)fds[0];
	say(syscall(SYS_io_submit, context, 1L, &list) == 1, "io_submit");
	t = start(wait_aio, &context);
	say(write(fds[1], "a", 1) == 1 && finish(t) == (void *)1,
		"io_getevents");
	syscall(SYS_io_destroy, context);
}

static void *wait_ring(void *arg)
{
	ready = 1;
	return (void *)syscall(SYS_io_uring_enter, *(int *)arg, 0L, 1L,
		(long)IORING_ENTER_GETEVENTS, NULL, 0L);
}

static void map_and_submit(int ring, const struct io_uring_params *p,
	const struct io_uring_sqe *what)
{
	char *sq = mmap(NULL, p->sq_off.array + 4 * p->sq_entries,
		PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, sizeof(*sqe),
		PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);

	*sqe = *what;
	*(unsigned *)(sq + p->sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + p->sq_off.tail), 1,
		__ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring, 1L, 0L, 0L, NULL, 0L);
}

static void own_ring(void)
{
	const struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	pthread_t t;

	if (ring < 0) {
		say(true, "io_uring_enter"); /* not in this kernel */
		return;
	}
	t = start(wait_ring, &ring);
	map_and_submit(ring, &p, &nop);
	say(finish(t) == NULL, "io_uring_enter");
	close(ring);
}

#define FUTEX_WAIT_OP 51 /* IORING_OP_FUTEX_WAIT, Linux 6.7 */
#define PRIVATE_U32 130  /* FUTEX2_PRIVATE | FUTEX2_SIZE_U32 */

/* The kernel waits, and nobody else. */
static void ring_at_a_futex(void)
{
	static unsigned word;
	const struct io_uring_sqe wait = { .opcode = FUTEX_WAIT_OP,
		.fd = PRIVATE_U32, .addr = (uintptr_t)&word, .addr3 = ~0u };
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	pthread_t t;

	if (ring < 0)
		return;
	t = start(wait_ring, &ring);
	map_and_submit(ring, &p, &wait);
	printf("woken in a ring: %ld\n", syscall(SYS_futex, &word,
		FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
	say(finish(t) == NULL, "a futex in a ring");
	close(ring);
}

static void *wait_epoll(void *arg)
{
	struct epoll_event e;

	ready = 1;
	return (void *)(intptr_t)epoll_wait(*(int *)arg, &e, 1, -1);
}

static void *wait_select(void *arg)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(*(int *)arg, &set);
	ready = 1;
	return (void *)(intptr_t)select(*(int *)arg + 1, &set, NULL, NULL,
		NULL);
}

static void several(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fds[2], ep = epoll_create1(0);
	pthread_t a, b, c;

	say(pipe(fds) == 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e) == 0,
		"an epoll");
	a = start(wait_epoll, &ep);
	b = start(wait_select, &fds[0]);
	c = start(wait_poll, &fds[0]);
	say(write(fds[1], "p", 1) == 1 && finish(a) == (void *)1 &&
			finish(b) == (void *)1 && finish(c) == (void *)1,
		"epoll_wait, select and poll of one pipe");
}

static void *wait_child(void *arg)
{
	siginfo_t info;

	ready = 1;
	return (void *)(intptr_t)waitid(P_PID, (id_t)(intptr_t)arg, &info,
		WEXITED);
}

static void children(void)
{
	int fds[2];
	char c;
	pid_t pid;
	pthread_t t;

	say(pipe(fds) == 0, "a pipe");
	pid = fork();
	if (pid == 0)
		_exit(read(fds[0], &c, 1) == 1 ? 0 : 1);
	t = start(wait_child, (void *)(intptr_t)pid);
	say(write(fds[1], "c", 1) == 1 && finish(t) == NULL, "waitid");
}

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/it", directory);
	fifo();
	fifo_to_write();
	pipes();
	messages();
	splices();
	posix_queues();
	system_v();
	descriptors();
	file_locks();
	own_aio();
	own_ring();
	ring_at_a_futex();
	several();
	children();
	rmdir(directory);
	return 0;
}
