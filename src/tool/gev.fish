# SPDX-License-Identifier: MIT
# Completion of gev for fish.
complete -c gev -f
complete -c gev -n __fish_use_subcommand -a run -d 'Run a program'
complete -c gev -n __fish_use_subcommand -a check -d 'Tell whether it can be run'
complete -c gev -n __fish_use_subcommand -a version -d 'Print the version'
complete -c gev -n __fish_use_subcommand -a help -d 'Print help'

set -l run '__fish_seen_subcommand_from run'
complete -c gev -n "$run" -l no-follow -d 'Not the programs that it executes'
complete -c gev -n "$run" -l no-file-offload -d 'Files in that one thread'
complete -c gev -n "$run" -l stats -d 'Say at its end what was done'
complete -c gev -n "$run" -s v -l verbose -d 'Say how it is done'
complete -c gev -n "$run" -l force -d 'Even if it will not work'
complete -c gev -n "$run" -l gdb -d 'Under gdb'
complete -c gev -n "$run" -s h -l help -d 'Print help'
complete -c gev -n "$run" -xa '(__fish_complete_subcommand)'

complete -c gev -n '__fish_seen_subcommand_from check' -l json -d 'As JSON'
complete -c gev -n '__fish_seen_subcommand_from check' -s h -l help -d 'Print help'
complete -c gev -n '__fish_seen_subcommand_from check' -xa '(__fish_complete_command)'
complete -c gev -n '__fish_seen_subcommand_from help' -a 'run check'
