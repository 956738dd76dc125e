/** What a machine is made of, as QEMU is told. */
import { join } from 'node:path';

/** What a machine is made of. */
export interface MachineParts {
  /** Folder with `vmlinuz`, `initrd` and `disk.qcow2`. */
  readonly image: string;
  /** Raw file that becomes the read-only second disk; its size must stay the same for one snapshot. */
  readonly toolsDisk: string;
  readonly memoryMb: number;
  /** Added to the kernel command line. */
  readonly append: string;
}

/** KVM by request only: where it is offered inside another virtual machine it may kill QEMU at its start. */
const ACCELERATOR = process.env['E2E_ACCELERATOR'] ?? 'tcg,thread=multi,tb-size=128';

/** Wide registers make every switch between processes dearer under emulation, and Meltdown's cure does the same. */
const CPU = ACCELERATOR.startsWith('kvm') ? 'host' : 'qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16';
const KERNEL = 'root=/dev/vda1 console=ttyS0 edd=off mitigations=off quiet';

/** The command line of QEMU for a machine in a folder; `sharedRam` is the memory of a snapshot. */
export function qemuArguments(folder: string, parts: MachineParts, sharedRam: string | undefined): readonly string[] {
  const ram = sharedRam ?? join(folder, 'ram');
  const port = (index: number) => [
    ...['-chardev', `socket,id=c${index},path=${join(folder, `agent${index}`)},server=on,wait=off`],
    ...['-device', `virtserialport,chardev=c${index},name=exec${index}`],
  ];
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-M', 'pc,memory-backend=ram'],
    ...['-accel', ACCELERATOR, '-cpu', CPU, '-smp', '2', '-m', `${parts.memoryMb}`],
    // A snapshot's memory is mapped privately: written pages belong to this machine alone.
    '-object',
    `memory-backend-file,id=ram,size=${parts.memoryMb}M,mem-path=${ram},share=${sharedRam === undefined ? 'on' : 'off'}`,
    ...['-kernel', join(parts.image, 'vmlinuz'), '-initrd', join(parts.image, 'initrd')],
    ...['-append', `${KERNEL} ${parts.append}`],
    // writeback: what the guest has flushed survives the end of QEMU, what it has not may be lost, as on a real disk.
    ...['-drive', `file=${join(folder, 'disk.qcow2')},if=none,id=d0,cache=writeback,discard=unmap`],
    ...['-device', 'virtio-blk-pci,drive=d0'],
    ...['-drive', `file=${parts.toolsDisk},format=raw,if=none,id=d1,readonly=on`, '-device', 'virtio-blk-pci,drive=d1'],
    ...['-device', 'virtio-serial-pci', ...port(0), ...port(1), '-device', 'virtio-rng-pci'],
    ...['-serial', `file:${join(folder, 'console.log')}`],
    ...['-chardev', `socket,id=mon,path=${join(folder, 'monitor')},server=on,wait=off`],
    ...['-mon', 'chardev=mon,mode=control'],
    // A network card, and no network behind it.
    ...['-netdev', 'user,id=n0,restrict=on,ipv6=off', '-device', 'virtio-net-pci,netdev=n0'],
  ];
}
