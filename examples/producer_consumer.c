/* SPDX-License-Identifier: MIT */
/*
 * producer_consumer - a fast producer and a slow consumer.
 *
 * The queue between them holds two items.  When it is full the producer waits
 * until there is room: it is never more than those two ahead, however much it
 * could make.  That is back-pressure, and all there is to do for it.
 *
 * At the end the producer shuts the queue down.  What is in it can still be
 * got; then gev_queue_get() fails, and the consumer's loop with it.
 */
#include <stdio.h>
#include <gev.h>

static gev_queue queue = GEV_QUEUE_INIT(2);

static intptr_t produce(void *numbers)
{
	const int *n = numbers;

	for (; *n; n++) {
		if (gev_queue_put(&queue, (void *)n, GEV_FOREVER) < 0)
			return -1;
		printf("put %d\n", *n);
	}
	return gev_queue_shutdown(&queue, false);
}

static intptr_t consume(void *unused)
{
	void *item;

	(void)unused;
	while (gev_queue_get(&queue, &item, GEV_FOREVER) == 0) {
		printf("\tgot %d\n", *(int *)item);
		gev_sleep(GEV_MS(20));
	}
	return 0;
}

int main(void)
{
	static int numbers[] = { 1, 2, 3, 4, 5, 6, 0 };
	gev_scope scope = GEV_SCOPE_INIT;

	if (gev_scope_go(&scope, produce, numbers) < 0 ||
	    gev_scope_go(&scope, consume, NULL) < 0)
		gev_scope_cancel(&scope);
	if (gev_scope_leave(&scope) < 0) {
		perror("producer_consumer");
		return 1;
	}
	return gev_queue_fini(&queue) < 0;
}
