# SPDX-License-Identifier: Apache-2.0
# bash completion for husk(1). The options are those of `husk run --help`; tools/check-options compares.

# Where the value of an option ends up in $cur although it is written --option=value.
_husk_split() {
	case $cur in
	--*=*)
		prev=${cur%%=*}
		cur=${cur#*=}
		;;
	=)
		prev=${words[cword - 1]}
		cur=
		;;
	*)
		[[ $prev == = ]] && prev=${words[cword - 2]}
		;;
	esac
}

# Names of system calls and of classes, comma-separated, the words before the last comma kept.
_husk_filter() {
	local before= word=$cur names

	[[ $word == *,* ]] && before=${word%,*}, word=${word##*,}
	[[ $word == !* ]] && before=$before! word=${word#!}
	names=$("${words[0]}" syscalls 2>/dev/null | awk '$1 ~ /^[0-9]+$/ && $3 ~ /\(/ { sub(/\(.*/, "", $3); print $3; print $2 }' | sort -u)
	compopt -o nospace
	COMPREPLY=($(compgen -P "$before" -W "$names" -- "$word"))
}

# The value of an option of `husk run`. False if the option takes none (or none behind a blank).
_husk_value() {
	case $prev in
	--env)
		compopt -o nospace
		COMPREPLY=($(compgen -e -- "$cur"))
		;;
	--cwd | --root | --tmpfs)
		compopt -o filenames
		COMPREPLY=($(compgen -d -- "$cur"))
		;;
	--ro | --rw | --profile | --learn | --report | --pidfile | --output)
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
		;;
	--mem) COMPREPLY=($(compgen -W '128M 256M 512M 1G 2G 4G' -- "$cur")) ;;
	--pids) COMPREPLY=($(compgen -W '64 256 1024' -- "$cur")) ;;
	--timeout | --cpu-time) COMPREPLY=($(compgen -W '1 10 30 60 5m 1h' -- "$cur")) ;;
	--cpus) COMPREPLY=($(compgen -W '1 2 4' -- "$cur")) ;;
	--files) COMPREPLY=($(compgen -W '64 256 1024' -- "$cur")) ;;
	--fsize) COMPREPLY=($(compgen -W '4M 16M 1G' -- "$cur")) ;;
	--net) COMPREPLY=($(compgen -W 'none host' -- "$cur")) ;;
	--allow-connect | --allow-listen) COMPREPLY=($(compgen -W '127.0.0.0/8 127.0.0.1 0.0.0.0' -- "$cur")) ;;
	--trace-filter | --deny | --allow-only) _husk_filter ;;
	--deny-action) COMPREPLY=($(compgen -W 'errno enosys kill log' -- "$cur")) ;;
	--trace-format | -f) COMPREPLY=($(compgen -W 'text json' -- "$cur")) ;;
	--ready-when-listening) COMPREPLY=($(compgen -W '80 443 8080' -- "$cur")) ;;
	--io) COMPREPLY=($(compgen -W 'auto exit server' -- "$cur")) ;;
	--trace-time) COMPREPLY=($(compgen -W 'absolute relative since-start spent' -- "$cur")) ;;
	--trace-string) COMPREPLY=($(compgen -W '32 64 256 4096' -- "$cur")) ;;
	--trace | --overlay) # its value is optional: only behind "="
		[[ ${COMP_WORDS[COMP_CWORD]} == *=* || ${COMP_WORDS[COMP_CWORD - 1]} == = ]] || return 1
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
		;;
	*) return 1 ;;
	esac
	return 0
}

# Where in words[] the program's name is or would be, given that the options of `husk run` begin at index 2. In $program.
_husk_program() {
	program=2
	while ((program < cword)); do
		case ${words[program]} in
		--)
			((program++))
			return
			;;
		--root | --ro | --rw | --tmpfs | --hostname | --name | --pidfile | --output | --ready-when-listening | --user | --deny | --allow-only | --deny-action | --profile | --env | --cwd | --mem | --pids | --timeout | --cpu-time | --cpus | --files | --fsize | --net | --allow-connect | --allow-listen | --patch-after | --io | --trace-filter | --trace-format | -f | --trace-time | --trace-string | --learn | --report)
			((program++))
			[[ ${words[program]} == = ]] && ((program++)) # --option=value, as bash cuts it
			((program++))
			while [[ ${words[program]-} == : ]]; do ((program += 2)); done # ADDRESS:PORT
			;;
		--trace | --overlay)
			((program++))
			[[ ${words[program]} == = ]] && ((program += 2))
			;;
		-*) ((program++)) ;;
		*) return ;;
		esac
	done
}

_husk_run() {
	local program

	_husk_program
	if ((program < cword)); then # the program's own arguments: as if it stood alone
		if declare -F _command_offset >/dev/null; then
			_command_offset "$program"
		else
			compopt -o filenames
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		return
	fi
	_husk_split
	_husk_value && return
	if [[ $cur == -* && ${words[cword - 1]} != -- ]]; then
		COMPREPLY=($(compgen -W '-- --env --clear-env --cwd --mem --pids --timeout --cpu-time --cpus --files --fsize --net --allow-connect --allow-listen --no-aslr --no-patch --patch-after --io --trace --trace-filter --trace-format
			--trace-time --trace-ip --trace-where --trace-string --learn --classic-numbers --stats --profile-cpu --report --root --ro --rw --tmpfs --overlay
			--read-only --hostname --name --pidfile --detach --output --ready-when-listening --user --deny --allow-only --deny-action --profile --unconfined --show-cage --help' -- "$cur"))
	elif [[ $cur == */* ]]; then
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
	else
		COMPREPLY=($(compgen -c -- "$cur"))
	fi
}

# The options of its own, before those of `husk run`.
_husk_inspect() {
	_husk_split
	case $prev in
	--at) COMPREPLY=($(compgen -W 'entry exit syscall:' -- "$cur")) ;;
	--svg)
		compopt -o filenames
		COMPREPLY=($(compgen -f -- "$cur"))
		;;
	*)
		if [[ $cur == -* && ${words[cword - 1]} != -- ]]; then
			COMPREPLY=($(compgen -W '-- --at --svg --pid --json --help' -- "$cur"))
		elif [[ ${words[2]} == translate && " ${words[*]:2:cword-2} " != *' -- '* ]]; then
			COMPREPLY=($(compgen -W 'rip rsp entry image heap stack library vdso vvar stubs cpu ring' -- "$cur"))
		elif [[ $cur == */* ]]; then
			compopt -o filenames
			COMPREPLY=($(compgen -f -- "$cur"))
		else
			COMPREPLY=($(compgen -c -- "$cur"))
			((cword > 2)) || COMPREPLY+=($(compgen -W translate -- "$cur"))
		fi
		;;
	esac
}

_husk_syscalls() {
	if ((cword == 2)); then
		COMPREPLY=($(compgen -W 'scan observe --markdown --json --help' -- "$cur"))
		[[ $cur == -* ]] && COMPREPLY=($(compgen -W '--markdown --json --help' -- "$cur"))
	elif [[ ${words[2]} == scan || ${words[2]} == observe ]]; then
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W '-o --help' -- "$cur"))
		elif [[ $cur == */* || $prev == -o ]]; then
			compopt -o filenames
			COMPREPLY=($(compgen -f -- "$cur"))
		else
			COMPREPLY=($(compgen -c -- "$cur"))
		fi
	fi
}

# The sandboxes that run.
_husk_ids() {
	local options=--help

	[[ ${words[1]} != log ]] || options='--follow --help'
	if [[ $cur == -* || ${words[cword - 1]} == -- ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
	else
		COMPREPLY=($(compgen -W "$("${words[0]}" ps 2>/dev/null | sed -nE 's/^([^ ]+)  husk .*/\1/p')" -- "$cur"))
	fi
}

_husk_boot() {
	_husk_split
	case $prev in
	--mode) COMPREPLY=($(compgen -W 'real16 prot32 paged32 long64' -- "$cur")) ;;
	--dir)
		compopt -o filenames
		COMPREPLY=($(compgen -d -- "$cur"))
		;;
	--mem) COMPREPLY=($(compgen -W '1M 2M 16M 128M 1G' -- "$cur")) ;;
	--timeout) COMPREPLY=($(compgen -W '1 10 30 60 5m 1h' -- "$cur")) ;;
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W '--mode --mem --dir --timeout --trace --regs --help' -- "$cur"))
		else
			compopt -o filenames
			COMPREPLY=($(compgen -f -- "$cur"))
		fi
		;;
	esac
}

_husk() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cword=$COMP_CWORD
	local -a words=("${COMP_WORDS[@]}")

	COMPREPLY=()
	if ((cword == 1)); then
		COMPREPLY=($(compgen -W 'run ps log stop kill wait doctor syscalls inspect boot lab --help --version' -- "$cur"))
		return
	fi
	case ${words[1]} in
	run) _husk_run ;;
	doctor | ps) COMPREPLY=($(compgen -W '--json --help' -- "$cur")) ;;
	log | stop | kill | wait) _husk_ids ;;
	boot) _husk_boot ;;
	inspect) _husk_inspect ;;
	lab)
		if [[ $prev == --rounds ]]; then
			COMPREPLY=($(compgen -W '1 3 10' -- "$cur"))
		elif [[ $cur == -* || $cword -gt 2 ]]; then
			COMPREPLY=($(compgen -W '--rounds --json --help' -- "$cur"))
		else
			COMPREPLY=($(compgen -W 'timing work' -- "$cur"))
		fi
		;;
	syscalls) _husk_syscalls ;;
	esac
}

complete -F _husk husk
