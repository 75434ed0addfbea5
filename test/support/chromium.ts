import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import type t from 'tap';
import { cacheFolder } from '../../src/platform/provision/cache-folder.js';
import { provideChromium } from '../../src/platform/provision/programs.js';

/** No calls to its maker's hosts, no windows; a microphone that beeps, allowed without a question; sound without a click. */
const flags = [
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
];

/**
 * Debian's Chromium with a Chinese font, from the cache (fetched at the first use, about 15 s); CHROMIUM names another one.
 * Playwright gives it an empty profile. Closed at the end of the test.
 */
export async function launchChromium(test: Pick<typeof t, 'teardown'>, options: LaunchOptions = {}): Promise<Browser> {
  const { file, env } = await findChromium();
  const browser = await chromium.launch({
    ...options,
    executablePath: file,
    env: { ...cleanEnv(), ...env },
    // Playwright's own switch would start the old headless mode.
    headless: false,
    args: [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...(options.args ?? [])],
  });
  test.teardown(() => browser.close());
  return browser;
}

async function findChromium(): Promise<{ file: string; env: Record<string, string> }> {
  const own = process.env.CHROMIUM;
  if (own && existsSync(own)) return { file: own, env: {} };
  return provideChromium({
    cacheDir: cacheFolder(resolve('var')),
    report: (line) => process.stderr.write(`${line}\n`),
  });
}

function cleanEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
