// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import puppeteer, { type Browser, type ElementHandle, type Page } from "puppeteer-core";

const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** Debian's Chromium: the machine's own, or the one that the set-up of `npm test` keeps in the cache. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache");
  const folders = [...(env["PATH"] ?? "").split(path.delimiter), path.join(cache, "pulumi-mesos", "bin")];
  const found = folders
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, "chromium"))
    .find(isExecutable);
  return found ?? assert.fail("chromium is neither on PATH nor in the cache: run npm test once");
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there
  }
}

/** A page of a {@link TestBrowser} with what went wrong in it. */
export interface TestPage {
  readonly page: Page;
  /** Errors of scripts, refused scripts and styles, and requests that failed; a good page leaves it empty. */
  readonly errors: string[];
  /** The text of the first element that matches, white space as one blank; "" when there is none. */
  text(selector: string): Promise<string>;
  /** Waits until the element's text matches. */
  sees(selector: string, wanted: RegExp): Promise<void>;
  /** Clicks the first element that matches, once there is one. */
  click(selector: string): Promise<void>;
  /** Clicks the first button below `selector` with that text. */
  press(text: string, selector?: string): Promise<void>;
  /** Types into the field below `selector` whose label begins with these words, in place of what is there. */
  fill(label: string, value: string, selector?: string): Promise<void>;
  /** Whether something sticks out to the side, so that the whole page would scroll that way. */
  scrollsSideways(): Promise<boolean>;
}

/** Headless Chromium with a profile of its own; `close` ends every process of it and removes the profile. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #profile: string;

  private constructor(browser: Browser, profile: string) {
    this.#browser = browser;
    this.#profile = profile;
  }

  static async open(): Promise<TestBrowser> {
    const profile = mkdtempSync(path.join(tmpdir(), "pages-chromium-"));
    try {
      const browser = await puppeteer.launch({
        executablePath: chromiumPath(),
        headless: true,
        userDataDir: profile,
        // Chromium refuses its sandbox to root; the pages that are opened are our own.
        args: process.getuid?.() === 0 ? [...flags, "--no-sandbox"] : flags,
        env: { PATH: process.env["PATH"], HOME: profile, TMPDIR: profile },
        timeout: 180_000,
      });
      return new TestBrowser(browser, profile);
    } catch (error) {
      rmSync(profile, { recursive: true, force: true });
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A fresh page, not at any address yet. */
  async page(
    options: {
      readonly width?: number;
      readonly dark?: boolean;
      readonly login?: { readonly username: string; readonly password: string };
    } = {},
  ): Promise<TestPage> {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    await page.setViewport({ width: options.width ?? 1200, height: 900 });
    const scheme = options.dark === true ? "dark" : "light";
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    if (options.login !== undefined) await page.authenticate(options.login);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.setDefaultTimeout(60_000);
    return testPage(page, errors);
  }
}

function testPage(page: Page, errors: string[]): TestPage {
  const text = async (selector: string): Promise<string> =>
    await page.evaluate(
      (s) => (document.querySelector(s)?.textContent ?? "").replace(/\s+/g, " ").trim(),
      selector,
    );
  return {
    page,
    errors,
    text,
    async sees(selector, wanted) {
      try {
        await page.waitForFunction(
          (s, source, flags) =>
            new RegExp(source, flags).test(
              (document.querySelector(s)?.textContent ?? "").replace(/\s+/g, " "),
            ),
          { polling: 50 },
          selector,
          wanted.source,
          wanted.flags,
        );
      } catch (error) {
        const shown = await text(selector);
        assert.fail(
          `${selector} never showed ${wanted}: "${shown}"; errors of the page: ${errors.join("; ")}; ${String(error)}`,
        );
      }
    },
    async click(selector) {
      await (await page.waitForSelector(selector, { visible: true }))?.click();
    },
    async press(label, selector = "body") {
      const button = await page.waitForFunction(
        (s, wanted) =>
          Array.from(document.querySelectorAll<HTMLButtonElement>(`${s} button`)).find(
            (button) => button.textContent?.trim() === wanted && !button.disabled && button.checkVisibility(),
          ),
        { polling: 50 },
        selector,
        label,
      );
      await (button.asElement() as ElementHandle<Element> | null)?.click();
    },
    async fill(label, value, selector = "body") {
      const found = await page.waitForFunction(
        (s, wanted) =>
          // What is typed into a view that is not shown yet goes nowhere.
          Array.from(document.querySelectorAll<HTMLLabelElement>(`${s} label`)).find(
            (l) => l.textContent?.trim().startsWith(wanted) && l.control?.checkVisibility(),
          )?.control,
        { polling: 50 },
        selector,
        label,
      );
      const field = found.asElement() as ElementHandle<HTMLInputElement> | null;
      await field?.evaluate((input) => input.select());
      await field?.type(value);
    },
    async scrollsSideways() {
      return await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
    },
  };
}
