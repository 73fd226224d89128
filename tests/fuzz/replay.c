/* SPDX-License-Identifier: MIT */
/*
 * replay FILE|DIRECTORY... - the fuzzer's inputs as test cases, then random
 * ones.  The seed of those is printed; SEED in the environment repeats them.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include "operations.h"
#include "t.h"

#define MOST 2048 /* bytes of an input */
#define RANDOM 300

static const char *input;
static unsigned dice;

static void replay(void)
{
	uint8_t data[MOST];
	FILE *f = fopen(input, "rb");

	if (t_ok(f != NULL)) {
		t_eq(run_operations(data, fread(data, 1, MOST, f)), 0);
		fclose(f);
	}
}

static unsigned roll(unsigned n)
{
	dice = dice * 1103515245u + 12345u;
	return (dice >> 16) % n;
}

static void random_scripts(void)
{
	uint8_t data[MOST];

	for (int i = 0; i < RANDOM && !t_failures; i++) {
		size_t size = roll(MOST + 1);

		for (size_t n = 0; n < size; n++)
			data[n] = (uint8_t)roll(256);
		t_eq(run_operations(data, size), 0);
	}
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void replay_directory(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, visible, alphasort);

	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		input = file;
		t_run(replay, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int main(int argc, char **argv)
{
	const char *seed = getenv("SEED");
	struct stat st;

	for (int i = 1; i < argc; i++) {
		input = argv[i];
		if (stat(input, &st) == 0 && S_ISDIR(st.st_mode))
			replay_directory(input);
		else
			t_run(replay, input);
	}
	dice = seed ? (unsigned)atoi(seed) : (unsigned)getpid();
	printf("# SEED=%u\n", dice);
	T_RUN(random_scripts);
	return t_done();
}
