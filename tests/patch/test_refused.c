/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel refuses something, patching either works by another way or
 * fails and leaves everything as it was.  Each case in a child of its own.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "base/inject.h"
#include "patch/state.h"

static char report[1 << 16];

static bool report_has(const char *text)
{
	gev_patch_report(report, sizeof(report));
	return strstr(report, text) != NULL;
}

/* Whether any of libc can be both written and run. */
static bool code_is_open(void)
{
	struct gev__object o = { .text = 0 };
	unsigned long start, end;
	char line[512], mode[8];
	bool open = false;
	FILE *f = fopen("/proc/self/maps", "r");

	t_eq(gev__object_libc(&o), 0);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 &&
			end > o.text && start < o.text_end)
			open |= mode[1] == 'w' && mode[2] == 'x';
	if (f)
		fclose(f);
	return open;
}

/* Patched it works; else nothing has changed, and it is said why. */
static bool patches_or_not(uint64_t before)
{
	int r = gev_patch_all(GEV_PATCH_ALL);
	int error = errno;

	if (r == 0) {
		t_eq(two_sleepers(), 2);
		t_ok(reads_cooperate());
		t_eq(gev_unpatch_all(), 0);
	} else {
		t_ok(error == EACCES || error == EPERM || error == EMFILE ||
			error == ENOMEM || error == ENOTSUP || error == EIO ||
			error == ENOSYS);
		t_ok(report_has("not patched: "));
	}
	t_ok(code_sum() == before);
	t_eq(two_sleepers(), 1);
	errno = error;
	return r == 0;
}

/* In a child, so that nothing was patched before. */
static int in_child(void (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		t_failures = 0;
		body();
		_exit(t_failures ? 1 : t_skipped ? 77 : 0);
	}
	t_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_in_child(void (*body)(void))
{
	int status = in_child(body);

	if (status == 77)
		t_skip("no seccomp here");
	else
		t_eq(status, 0);
}

/* Call @nr answers @error if @bits of argument @arg are all set. */
static bool refuse(long nr, unsigned arg, uint32_t bits, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, args) + 8 * arg),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return true;
	t_skip("no seccomp");
	return false;
}

static void code_never_changes(void)
{
	uint64_t before = code_sum();

	if (refuse(SYS_mprotect, 2, PROT_EXEC, EPERM) &&
		refuse(SYS_mmap, 2, PROT_WRITE | PROT_EXEC, EPERM))
		t_ok(patches_or_not(before));
}

/* What systemd's MemoryDenyWriteExecute refuses. */
static void memory_that_may_not_change_to_code(void)
{
	check_in_child(code_never_changes);
}

static void nothing_but_files(void)
{
	uint64_t before = code_sum();

	if (refuse(SYS_mprotect, 0, 0, EACCES) &&
		refuse(SYS_memfd_create, 0, 0, EPERM))
		patches_or_not(before);
}

static void neither_mprotect_nor_memfd(void)
{
	check_in_child(nothing_but_files);
}

static void nothing_that_is_opened(void)
{
	uint64_t before = code_sum();

	/* The decoder is loaded first; ld.so's own calls are as they are. */
	report_has("");
	if (refuse(SYS_openat, 0, 0, ENOENT))
		patches_or_not(before);
}

static void no_proc(void)
{
	check_in_child(nothing_that_is_opened);
}

static void no_way_to_code(void)
{
	uint64_t before = code_sum();

	report_has("");
	if (refuse(SYS_openat, 0, 0, ENOENT) &&
		refuse(SYS_mprotect, 2, PROT_EXEC, EACCES))
		patches_or_not(before);
}

static void neither_mprotect_nor_proc(void)
{
	check_in_child(no_way_to_code);
}

static void *wait_for_end(void *fd)
{
	char c;

	return (void *)(intptr_t)read(*(int *)fd, &c, 1);
}

static void nothing_that_syncs(void)
{
	uint64_t before = code_sum();
	pthread_t thread;
	int ends[2];

	t_eq(pipe(ends), 0);
	t_eq(pthread_create(&thread, NULL, wait_for_end, &ends[0]), 0);
	if (refuse(SYS_membarrier, 0, 0, EPERM))
		patches_or_not(before);
	close(ends[1]);
	t_eq(pthread_join(thread, NULL), 0);
}

static void no_membarrier_with_threads(void)
{
	check_in_child(nothing_that_syncs);
}

static void nothing_by_prctl(void)
{
	uint64_t before = code_sum();

	if (refuse(SYS_prctl, 0, 0, EPERM))
		t_ok(patches_or_not(before));
}

static void no_prctl(void)
{
	check_in_child(nothing_by_prctl);
}

static void no_descriptor(void)
{
	uint64_t before = code_sum();
	struct rlimit old, none;

	report_has("");
	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ 0, old.rlim_max };
	if (!refuse(SYS_mprotect, 2, PROT_EXEC, EACCES))
		return;
	setrlimit(RLIMIT_NOFILE, &none);
	if (gev_patch_all(GEV_PATCH_ALL) == 0)
		t_eq(gev_unpatch_all(), 0);
	else
		t_eq(errno, EMFILE);
	setrlimit(RLIMIT_NOFILE, &old);
	t_ok(code_sum() == before);
	t_eq(two_sleepers(), 1);
}

static void descriptors_ran_out(void)
{
	check_in_child(no_descriptor);
}

static const struct {
	const char *name;
	long nr;
	int error;
} steps[] = {
	{ "mmap", SYS_mmap, -ENOMEM },
	{ "mprotect", SYS_mprotect, -EACCES },
	{ "munmap", SYS_munmap, -ENOMEM },
	{ "rt_sigaction", SYS_rt_sigaction, -EPERM },
	{ "openat", SYS_openat, -EMFILE },
	{ "read", SYS_read, -EIO },
	{ "close", SYS_close, -EIO },
	{ "pwrite64", SYS_pwrite64, -EIO },
	{ "memfd_create", SYS_memfd_create, -EPERM },
	{ "membarrier", SYS_membarrier, -EPERM },
};

static int step, after, times, reached;

static void fail_at_a_step(void)
{
	uint64_t before = code_sum();
	int r, seen;

	gev__inject = (struct gev__inject){ .nr = steps[step].nr,
		.error = steps[step].error, .after = after, .times = times };
	r = gev_patch_all(GEV_PATCH_ALL);
	seen = gev__inject.calls;
	gev__inject.nr = -1;
	if (r == 0) {
		t_eq(two_sleepers(), 2);
		t_eq(gev_unpatch_all(), 0);
	}
	t_ok(code_sum() == before);
	t_ok(patches_or_not(before));
	if (t_failures)
		printf("# %s, after %d\n", steps[step].name, after);
	_exit(t_failures ? 1 : seen > after ? 0 : 2);
}

/* Once, and from then on. */
static void each_step_fails(void)
{
	int n = sizeof(steps) / sizeof(*steps), status;

	for (step = 0; step < n; step++) {
		times = 1;
		for (after = 0; (status = in_child(fail_at_a_step)) != 2;
			after++) {
			t_eq(status, 0);
			reached++;
		}
		times = -1;
		after = 0;
		t_ok(in_child(fail_at_a_step) != 1);
	}
	t_ok(reached > 5);
}

static void fail_going_back(void)
{
	uint64_t before = code_sum();

	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	gev__inject = (struct gev__inject){ .nr = SYS_rt_sigaction,
		.error = -EPERM, .times = -1 };
	if (gev_unpatch_all() < 0)
		t_eq(errno, EPERM);
	gev__inject.nr = -1;
	t_eq(two_sleepers(), 1);
	t_eq(gev_unpatch_all(), 0);
	t_ok(code_sum() == before);
}

static void going_back_fails_and_is_tried_again(void)
{
	check_in_child(fail_going_back);
}

static void code_is_closed_again(void)
{
	if (!patch(GEV_PATCH_ALL))
		return;
	t_ok(!code_is_open());
	t_eq(gev_unpatch_all(), 0);
	t_ok(!code_is_open());
}

int main(void)
{
	static char text[256];

	gev_patch_report(text, sizeof(text));
	if (in_child(code_is_closed_again) == 77) {
		T_RUN(code_is_closed_again);
		return t_done();
	}
	T_RUN(memory_that_may_not_change_to_code);
	T_RUN(neither_mprotect_nor_memfd);
	T_RUN(no_proc);
	T_RUN(neither_mprotect_nor_proc);
	T_RUN(no_membarrier_with_threads);
	T_RUN(no_prctl);
	T_RUN(descriptors_ran_out);
	T_RUN(each_step_fails);
	T_RUN(going_back_fails_and_is_tried_again);
	T_RUN(code_is_closed_again);
	return t_done();
}
