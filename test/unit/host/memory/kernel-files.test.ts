import { describe, expect, test } from 'vitest';
import { HostFileError } from '../../../../src/host/errors.ts';
import { type KernelFileOptions, kernelFiles } from '../../../../src/host/memory/kernel-files.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';

const RMEM = '/proc/sys/net/ipv4/tcp_rmem';

function kernel(files: Record<string, string>, options: KernelFileOptions = {}) {
  return new MemoryHost(files, { behaviours: [kernelFiles(options)] });
}

async function codeOf(action: Promise<unknown>): Promise<string | undefined> {
  try {
    await action;
    return undefined;
  } catch (error) {
    return error instanceof HostFileError ? error.code : String(error);
  }
}

describe('the kernel of MemoryHost', () => {
  test('changes as many numbers of a vector as it is given', async () => {
    const host = kernel({ [RMEM]: '4096\t131072\t6291456\n' });

    await host.writeKernelFile(RMEM, '1\n');

    expect(host.text(RMEM)).toBe('1\t131072\t6291456\n');
  });

  test('keeps what came before a bad number', async () => {
    const host = kernel({ [RMEM]: '4096\t131072\t6291456\n' });

    expect(await codeOf(host.writeKernelFile(RMEM, '5 x 6'))).toBe('EINVAL');
    expect(host.text(RMEM)).toBe('5\t131072\t6291456\n');
  });

  test('reads a leading zero as octal', async () => {
    const host = kernel({ '/proc/sys/vm/swappiness': '60\n' });

    await host.writeKernelFile('/proc/sys/vm/swappiness', '010');

    expect(host.text('/proc/sys/vm/swappiness')).toBe('8\n');
  });

  test('merges ranges and refuses reversed ones', async () => {
    const path = '/proc/sys/net/ipv4/ip_local_reserved_ports';
    const host = kernel({ [path]: '\n' });

    await host.writeKernelFile(path, '5,1-2,3');

    expect(host.text(path)).toBe('1-3,5\n');
    expect(await codeOf(host.writeKernelFile(path, '5-3'))).toBe('EINVAL');
  });

  test('answers EIO for a secret until it is written, and EACCES for ever for what is write-only', async () => {
    const options = { secret: ['net.a.secret'], writeOnly: ['net.a.trigger'] };
    const host = kernel({ '/proc/sys/net/a/secret': '', '/proc/sys/net/a/trigger': '' }, options);

    expect(await codeOf(host.readFile('/proc/sys/net/a/secret'))).toBe('EIO');
    await host.writeKernelFile('/proc/sys/net/a/secret', 'x');
    expect(await host.readFile('/proc/sys/net/a/secret')).toBe('x\n');
    expect(await codeOf(host.readFile('/proc/sys/net/a/trigger'))).toBe('EACCES');
  });

  test('clears the other form of a limit, and resets interfaces only when forwarding changes', async () => {
    const host = kernel({
      '/proc/sys/vm/dirty_bytes': '0\n',
      '/proc/sys/vm/dirty_ratio': '20\n',
      '/proc/sys/net/ipv4/ip_forward': '1\n',
      '/proc/sys/net/ipv4/conf/all/forwarding': '1\n',
      '/proc/sys/net/ipv4/conf/eth0/forwarding': '0\n',
    });

    await host.writeKernelFile('/proc/sys/vm/dirty_bytes', '1000');
    await host.writeKernelFile('/proc/sys/net/ipv4/ip_forward', '1');
    const untouched = host.text('/proc/sys/net/ipv4/conf/eth0/forwarding');
    await host.writeKernelFile('/proc/sys/net/ipv4/conf/all/forwarding', '0');
    await host.writeKernelFile('/proc/sys/net/ipv4/conf/all/forwarding', '1');

    expect(host.text('/proc/sys/vm/dirty_ratio')).toBe('0\n');
    expect(untouched).toBe('0\n');
    expect(host.text('/proc/sys/net/ipv4/conf/eth0/forwarding')).toBe('1\n');
    expect(host.text('/proc/sys/net/ipv4/ip_forward')).toBe('1\n');
  });

  test('has no parameter that it does not have', async () => {
    expect(await codeOf(kernel({}).writeKernelFile('/proc/sys/vm/none', '1'))).toBe('ENOENT');
  });
});
