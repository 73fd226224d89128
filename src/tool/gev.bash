# SPDX-License-Identifier: MIT
# Completion of gev for bash.  Behind the program's name its own takes over,
# if the package bash-completion is there.

_gev_options() {
	case $1 in
	run) echo --no-follow --no-file-offload --stats --verbose --force \
		--gdb --help ;;
	check) echo --json --help ;;
	esac
}

_gev() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} i

	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W \
			'run check version help --help --version' -- "$word")
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] && continue
		declare -F _command_offset >/dev/null && _command_offset "$i"
		return
	done
	if [[ $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'run check' -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_gev_options "$command")" -- "$word")
	elif [[ $command == run || $command == check ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$word")
	fi
}

complete -o default -F _gev gev
