#!/bin/sh
# SPDX-License-Identifier: MIT
#
# installed.sh BUILD - what is installed is enough to compile and run with.

build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
system=$(pkg-config --variable pc_path pkg-config)
cases=0 status=0

# check NAME COMMAND...: one case, which passes if the command does.
check() {
	name=$1
	shift
	cases=$((cases + 1))
	if "$@" >"$dest/log" 2>&1; then
		echo "ok $cases - $name"
	else
		sed 's/^/# /' "$dest/log"
		echo "not ok $cases - $name"
		status=1
	fi
}

install() {
	meson install -C "$build" --no-rebuild --destdir "$dest" &&
		pc=$(find "$dest" -name gev.pc) && [ -n "$pc" ] &&
		lib=$(dirname "$(dirname "$pc")")
	export PKG_CONFIG_LIBDIR="$lib/pkgconfig:$system"
	export PKG_CONFIG_SYSROOT_DIR="$dest"
}

compile_shared() {
	# shellcheck disable=SC2046 # several flags
	cc "$dest/user.c" -o "$dest/shared" $(pkg-config --cflags --libs gev)
}

compile_static() {
	# shellcheck disable=SC2046
	cc -static "$dest/user.c" -o "$dest/static" \
		$(pkg-config --static --cflags --libs gev)
}

compile_with_tls() {
	# shellcheck disable=SC2046
	cc "$dest/tls.c" -o "$dest/tls" $(pkg-config --cflags --libs gev-tls)
}

prints() {
	expected=$1
	shift
	printed=$("$@") && echo "$printed" && [ "$printed" = "$expected" ]
}

version_of_headers() {
	sed -n 's/^#define GEV_VERSION "\(.*\)"/\1/p' "$root/include/gev/base.h"
}

has_pages() {
	find "$dest" -path '*/man3/*' -name 'gev_spawn.3*' | grep . &&
		find "$dest" -path '*/man7/*' -name 'gev.7*' | grep .
}

cat >"$dest/user.c" <<'END'
#include <stdio.h>
#include <gev.h>

static intptr_t answer(void *arg)
{
	gev_sleep(GEV_MS(1));
	return (intptr_t)arg;
}

int main(void)
{
	gev_greenlet *g = gev_spawn(answer, (void *)42);

	printf("%s %d\n", gev_version(), (int)gev_get(g, GEV_FOREVER));
	gev_unref(g);
	return 0;
}
END

cat >"$dest/tls.c" <<'END'
#include <stdio.h>
#include <gev/tls.h>

int main(void)
{
	return puts(gev_tls_context_new(GEV_TLS_CLIENT) ? "made" : "failed") < 0;
}
END

version=$(version_of_headers)
check meson_installs_it install
check pkg_config_knows_the_version prints "$version" pkg-config --modversion gev
check compiles_with_the_shared_library compile_shared
check runs_with_the_shared_library prints "$version 42" \
	env LD_LIBRARY_PATH="$lib" "$dest/shared"
check compiles_with_the_static_library compile_static
check runs_with_the_static_library prints "$version 42" "$dest/static"
if [ -e "$lib/pkgconfig/gev-tls.pc" ]; then
	check compiles_with_tls compile_with_tls
	check runs_with_tls prints made env LD_LIBRARY_PATH="$lib" "$dest/tls"
fi
check the_manual_is_installed has_pages
echo "1..$cases"
exit $status
