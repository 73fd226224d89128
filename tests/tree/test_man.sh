#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The manual pages against the headers.  Usage: test_man.sh SOURCE_ROOT
#
# A page says the truth if its SYNOPSIS compiles next to the headers (a
# prototype that differs is a conflict) and its EXAMPLES compile as they stand.

root=${1:?usage: test_man.sh SOURCE_ROOT}
man=$root/man
cc="${CC:-gcc} -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -I$root/include"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cases=0
failed=0

# Runs a check; it holds if it printed nothing.
check() {
	cases=$((cases + 1))
	if "$1" >"$tmp/found" 2>&1 && [ ! -s "$tmp/found" ]; then
		echo "ok $cases - $1"
	else
		failed=$((failed + 1))
		sed 's/^/# /' "$tmp/found"
		echo "not ok $cases - $1"
	fi
}

skip() {
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}

# The names of the functions that the headers declare.
functions() {
	cat "$root"/include/gev/*.h | tr '\n\t' '  ' |
		grep -o 'GEV_API [^;(]*(' | sed -n 's/.*[ *]\(gev_[a-z0-9_]*\)($/\1/p' |
		sort
}

# The lines of section $1 of page $2.
section() {
	awk -v want="$1" '/^\.Sh /{ on = substr($0, 5) == want; next } on' "$2"
}

# "function page", for each name in the NAME section of each page.
named() {
	for page in "$man"/*.3; do
		section NAME "$page" |
			awk -v page="${page##*/}" '$1 == ".Nm" { print $2, page }'
	done
}

# The C declarations of a SYNOPSIS on standard input.
declarations() {
	awk '
	function args(line,    list, sep) {
		while (match(line, /"[^"]*"|[^ "]+/)) {
			list = list sep substr(line, RSTART, RLENGTH)
			sep = ", "
			line = substr(line, RSTART + RLENGTH)
		}
		gsub(/"/, "", list)
		return list
	}
	$1 == ".In" { print "#include <" $2 ">" }
	$1 == ".Ft" { type = substr($0, 5) }
	$1 == ".Fn" { print type, $2 "(" args(substr($0, 6 + length($2))) ");" }
	$1 == ".Fo" { open = type " " $2 "("; sep = "" }
	$1 == ".Fa" { open = open sep args(substr($0, 5)); sep = ", " }
	$1 == ".Fc" { print open ");" }'
}

# Writes the literal blocks of an EXAMPLES section to $1.1.c, $1.2.c ...
examples() {
	awk -v base="$1" '
	/^\.Bd -literal/ { file = base "." ++n ".c"; next }
	/^\.Ed/ { close(file); file = ""; next }
	file { sub(/^\\&/, ""); gsub(/\\e/, "\\"); print >file }'
}

pages_are_clean() {
	mandoc -T lint -W warning "$man"/*.[37]
}

every_function_is_in_one_page() {
	named | cut -d' ' -f1 | sort >"$tmp/named"
	uniq -d "$tmp/named" | sed 's/$/: in two pages/'
	functions | comm -23 - "$tmp/named" | sed 's/$/: in no page/'
}

pages_name_only_functions() {
	functions >"$tmp/functions"
	named | cut -d' ' -f1 | sort -u | comm -23 - "$tmp/functions" |
		sed 's/$/: no such function/'
}

# Where a page is not called after the function there is a link to it.
every_name_is_found() {
	named | while read -r name page; do
		[ "$name.3" = "$page" ] ||
			grep -qx "$name.3 $page" "$man/links" ||
			echo "$name: no link to $page"
	done
}

every_link_is_needed() {
	named >"$tmp/named"
	while read -r alias page; do
		[ -f "$man/$page" ] || echo "$alias: no page $page"
		[ ! -f "$man/$alias" ] || echo "$alias: a page and a link"
		grep -qx "${alias%.3} $page" "$tmp/named" ||
			echo "$alias: not in NAME of $page"
	done <"$man/links"
}

references_lead_somewhere() {
	sed -n 's/^\.Xr \(gev[a-z0-9_]*\) \([37]\).*/\1.\2/p' "$man"/*.[37] |
		sort -u | while read -r page; do
		[ -f "$man/$page" ] || grep -q "^$page " "$man/links" ||
			echo "$page: referred to, but not there"
	done
}

the_first_page_leads_to_all() {
	for page in "$man"/*.3; do
		page=${page##*/}
		grep -q "Xr ${page%.3} 3" "$man/gev.7" || echo "$page: not in gev.7"
	done
}

synopses_agree_with_the_headers() {
	for page in "$man"/*.3; do
		c=$tmp/${page##*/}.c
		section SYNOPSIS "$page" | declarations >"$c"
		$cc "$c"
		section NAME "$page" | sed -n 's/^\.Nm \([a-z0-9_]*\).*/\1/p' |
			while read -r name; do
			grep -q "$name(" "$c" || echo "$name: not in SYNOPSIS"
		done
	done
}

examples_compile() {
	for page in "$man"/*.[37]; do
		section EXAMPLES "$page" | examples "$tmp/${page##*/}.example"
	done
	set -- "$tmp"/*.example.*.c
	[ -f "$1" ] || echo "no examples found"
	for c; do
		$cc "$c"
	done
}

the_readmes_example_compiles() {
	sed -n '/^```c$/,/^```$/{/^```/!p}' "$man/../README.md" >"$tmp/readme.c"
	[ -s "$tmp/readme.c" ] || echo "README.md has none"
	$cc "$tmp/readme.c"
}

if command -v mandoc >/dev/null; then
	check pages_are_clean
else
	skip pages_are_clean "mandoc is not installed"
fi
check every_function_is_in_one_page
check pages_name_only_functions
check every_name_is_found
check every_link_is_needed
check references_lead_somewhere
check the_first_page_leads_to_all
check synopses_agree_with_the_headers
check examples_compile
check the_readmes_example_compiles
echo "1..$cases"
[ "$failed" = 0 ]
