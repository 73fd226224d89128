/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "t.h"

static void add_some(struct gev__text *t)
{
	gev__text_add(t, "n ");
	gev__text_num(t, 0);
	gev__text_char(t, ' ');
	gev__text_num(t, UINT64_MAX);
	gev__text_char(t, ' ');
	gev__text_ptr(t, (void *)0xbeef);
}

static void it_reads_like_printf(void)
{
	char buf[64];
	struct gev__text t = gev__text_in(buf, sizeof(buf));

	add_some(&t);
	t_eq(gev__text_end(&t), strlen("n 0 18446744073709551615 0xbeef"));
	t_str(buf, "n 0 18446744073709551615 0xbeef");
}

static void what_does_not_fit_is_counted(void)
{
	char buf[5] = "xxxx";
	struct gev__text t = gev__text_in(buf, sizeof(buf));

	add_some(&t);
	t_eq(gev__text_end(&t), strlen("n 0 18446744073709551615 0xbeef"));
	t_str(buf, "n 0 ");
}

static void no_room_at_all(void)
{
	struct gev__text t = gev__text_in(NULL, 0);

	gev__text_add(&t, "four");
	t_eq(gev__text_end(&t), 4);
}

int main(void)
{
	T_RUN(it_reads_like_printf);
	T_RUN(what_does_not_fit_is_counted);
	T_RUN(no_room_at_all);
	return t_done();
}
