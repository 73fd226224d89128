/* SPDX-License-Identifier: MIT */
/*
 * Robust mutexes that a thread holds when it ends: their next owner is to learn
 * of it.  The list is libc's, threaded through the mutexes, and may be damaged
 * like all of the thread's memory; the kernel goes by the same rules
 * (kernel/futex/core.c, robust_list(2)).
 */
#include <linux/futex.h>
#include "patch/futex.h"
#include "patch/task.h"

/* Entries, and the lowest bit set if it is a PI futex. */
#define PI_BIT 1ul

static struct robust_list *entry_of(const struct robust_list *link)
{
	return (struct robust_list *)((uintptr_t)link->next & ~PI_BIT);
}

static void let_go(uint32_t *word, uint32_t tid, bool wakes)
{
	uint32_t value = __atomic_load_n(word, __ATOMIC_RELAXED);

	while ((value & FUTEX_TID_MASK) == tid) {
		if (!__atomic_compare_exchange_n(word, &value,
			    (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, false,
			    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			continue;
		if (wakes && value & FUTEX_WAITERS)
			gev__futex_wake(word, 1, FUTEX_BITSET_MATCH_ANY, true);
		return;
	}
}

static uint32_t *word_of(const struct robust_list_head *head,
	const struct robust_list *entry)
{
	return (uint32_t *)((uintptr_t)entry + (uintptr_t)head->futex_offset);
}

bool gev__task_has_locks(const struct gev__task *task)
{
	const struct robust_list_head *head = task->robust;

	return head && task->robust_size == sizeof(*head) &&
	       entry_of(&head->list) != &head->list;
}

void gev__task_drop_locks(const struct gev__task *task)
{
	const struct robust_list_head *head = task->robust;
	const struct robust_list *entry, *pending;
	uint32_t tid = (uint32_t)task->tid;

	if (!head || task->robust_size != sizeof(*head))
		return;
	pending = (const struct robust_list *)
		((uintptr_t)head->list_op_pending & ~PI_BIT);
	entry = entry_of(&head->list);
	for (int i = 0; i < ROBUST_LIST_LIMIT && entry != &head->list; i++) {
		const struct robust_list *next = entry_of(entry);

		if (entry != pending)
			let_go(word_of(head, entry), tid, true);
		entry = next;
	}
	if (pending)
		let_go(word_of(head, pending), tid, true);
}
