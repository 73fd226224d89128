#!/bin/sh
# SPDX-License-Identifier: MIT
#
# test_completion.sh SOURCES GEV - completion offers what --help lists.

sources=$1 gev=$2
cases=0 status=0

result() {
	cases=$((cases + 1))
	case $? in
	0) echo "ok $cases - $1" ;;
	*)
		echo "not ok $cases - $1"
		status=1
		;;
	esac
}

skip() {
	cases=$((cases + 1))
	echo "ok $cases - $1 # SKIP $2"
}

# What bash offers for the words given, a line each.
offers() {
	bash -c '
		. "$0/gev.bash"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_gev
		printf "%s\n" "${COMPREPLY[@]}"' "$sources" "$@" | sort
}

listed() {
	"$gev" "$1" --help | grep -o -- '--[a-z][a-z-]*' | sort -u
}

if command -v bash >/dev/null; then
	[ "$(offers gev run --)" = "$(listed run)" ]
	result bash_completes_the_options_of_run
	[ "$(offers gev check --)" = "$(listed check)" ]
	result bash_completes_the_options_of_check
	[ "$(offers gev ve)" = version ]
	result bash_completes_commands
	[ -z "$(offers gev run ls --)" ]
	result bash_leaves_the_programs_options_alone
else
	skip bash_completes no\ bash
fi
for option in $(listed run) $(listed check); do
	grep -q -e "-l ${option#--}" "$sources/gev.fish" || status=1
	grep -q -e "$option" "$sources/_gev" || status=1
done
[ $status = 0 ]
result zsh_and_fish_know_all_options
if command -v zsh >/dev/null; then
	zsh -n "$sources/_gev"
	result zsh_reads_it
else
	skip zsh_reads_it no\ zsh
fi
echo "1..$cases"
exit $status
