#!/bin/sh
# SPDX-License-Identifier: MIT
#
# examples/demo.sh [BUILD_DIR] - what "make demo" shows: a server that takes
# 50 ms for each answer, and 2000 files fetched from it on one thread.

set -eu

build=${1:-${BUILD:-build}}
files=2000
latency=50
work=$(mktemp -d)
server=

finish() {
	status=$?
	trap - EXIT
	if [ -n "$server" ]; then
		kill "$server" 2>/dev/null || :
		wait "$server" || :
	fi
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The first $files files of a tree, with their checksums.
list() {
	(cd "$1" && find . -type f -readable -size -256k -print0 2>/dev/null |
		head -z -n $((files + files / 10)) |
		xargs -0 -r sha256sum 2>/dev/null |
		grep -v '^\\' | head -n "$files") >"$work/SHA256SUMS"
	[ "$(wc -l <"$work/SHA256SUMS")" -eq "$files" ]
}

generate() {
	mkdir "$work/tree"
	seq 1 200000 | split -l $((200000 / files)) -a 4 - "$work/tree/"
}

find_tree() {
	for tree in /usr/include /usr/share/doc /usr/share /usr; do
		if [ -d "$tree" ] && list "$tree"; then
			return
		fi
	done
	tree=$work/tree
	generate
	list "$tree"
}

find_tree
mkfifo "$work/started"
"$build/examples/file_server" --root "$tree" --port 0 --latency "$latency" \
	--quiet >"$work/started" &
server=$!
read -r line <"$work/started"

echo "file_server: $line, $latency ms for each answer"
echo "concurrent_download: $files of its files, a greenlet for each"
"$build/examples/concurrent_download" --sums "$work/SHA256SUMS" \
	--sample 20 "${line##* at }"
