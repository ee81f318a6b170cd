# SPDX-License-Identifier: MIT
# Completion of simplealloc for fish.

set -l commands devices policy quirks sources capabilities plan graph alloc monitor doctor
set -l none "not __fish_seen_subcommand_from $commands"
set -l request "__fish_seen_subcommand_from plan graph alloc"

function __simplealloc_nodes
    for node in /dev/dri/*[0-9] /dev/video*
        test -e $node; and echo $node
    end
end
function __simplealloc_uses
    for node in (__simplealloc_nodes)
        for role in scanout render sample capture encode decode m2m-in m2m-out cursor read write
            echo $node:$role
        end
    end
end
function __simplealloc_sources
    printf '%s\n' dma-heap udmabuf simple-allocator ion gbm v4l2 drm-dumb
    simplealloc sources 2>/dev/null | awk 'NR > 1 && $2 ~ /^(yes|no)$/ { print $1 }'
end

complete -c simplealloc -f
complete -c simplealloc -n $none -a devices -d 'List DRM and V4L2 devices'
complete -c simplealloc -n $none -a policy -d 'Show the policy in force, or check a file'
complete -c simplealloc -n $none -a quirks -d 'Say what quirk files tell about a device, or check one'
complete -c simplealloc -n $none -a sources -d 'List the places that memory can come from'
complete -c simplealloc -n $none -a capabilities -d 'Say what a device needs of a buffer'
complete -c simplealloc -n $none -a plan -d 'Say what would be allocated, and why'
complete -c simplealloc -n $none -a graph -d 'Write a plan as a Graphviz document, or draw it'
complete -c simplealloc -n $none -a alloc -d 'Allocate, verify, and show the buffer'
complete -c simplealloc -n $none -a monitor -d 'Show devices and sources that come and go'
complete -c simplealloc -n $none -a doctor -d 'Say what this machine can do, and what is missing'
complete -c simplealloc -n $none -l version -d 'Show the version'
complete -c simplealloc -l help -d 'Show the options'

complete -c simplealloc -n "not $none; and not __fish_seen_subcommand_from graph" -l json -d 'Print a JSON document'
complete -c simplealloc -n "not $none" -l quirks -r -F -d 'Quirk files, and folders of them'
complete -c simplealloc -n "not $none" -l policy -r -F -d 'The policy file'

complete -c simplealloc -n '__fish_seen_subcommand_from devices quirks' -a '(__simplealloc_nodes)'
complete -c simplealloc -n '__fish_seen_subcommand_from quirks policy' -l check -r -F -d 'Name the mistakes of a file'
complete -c simplealloc -n '__fish_seen_subcommand_from capabilities' -a '(__simplealloc_uses)'

complete -c simplealloc -n $request -l image -x -d 'An image: WxH:FOURCC[:MODIFIER]'
complete -c simplealloc -n $request -l bytes -x -d 'Plain bytes: N[K|M|G]'
complete -c simplealloc -n $request -l use -x -a '(__simplealloc_uses)' -d 'A device and what it does'
complete -c simplealloc -n $request -l cpu -x -a 'none write read-rarely read-often' -d 'What the CPU does'
complete -c simplealloc -n $request -l without -x -a '(__simplealloc_sources)' -d 'A backend or source to leave out'
complete -c simplealloc -n $request -l order -x -a '(__simplealloc_sources)' -d 'Backends or sources that rank first'
complete -c simplealloc -n $request -l any-device -d 'Also memory of devices that no use names'
complete -c simplealloc -n $request -l strict -d 'Reject what rests on an unknown'
complete -c simplealloc -n $request -l no-zero -d 'Leave old data in memory'
complete -c simplealloc -n $request -l min-size -x -d 'How many bytes a device wants at least'
complete -c simplealloc -n $request -l crop -x -d 'How much of the image counts'
complete -c simplealloc -n $request -l count -x -d 'How many buffers live at a time'
complete -c simplealloc -n $request -l name -x -d 'The name in debugfs and fdinfo'

complete -c simplealloc -n '__fish_seen_subcommand_from plan' -l why -d 'Also who sets each limit'
complete -c simplealloc -n '__fish_seen_subcommand_from graph' -l svg -r -F -d 'Draw it into this file'
complete -c simplealloc -n '__fish_seen_subcommand_from alloc' -l verify -d 'Import the buffer into every device'
complete -c simplealloc -n '__fish_seen_subcommand_from alloc' -l no-verify -d 'Only allocate'
complete -c simplealloc -n '__fish_seen_subcommand_from alloc' -l hold -d 'Keep the buffers'
complete -c simplealloc -n '__fish_seen_subcommand_from alloc' -l stats -d 'Also what came from which source'
complete -c simplealloc -n '__fish_seen_subcommand_from monitor' -l count -x -d 'How many'
complete -c simplealloc -n '__fish_seen_subcommand_from monitor' -l timeout -x -d 'End after so many seconds'
