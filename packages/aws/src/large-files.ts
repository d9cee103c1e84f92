// SPDX-License-Identifier: Apache-2.0
import { objectKey, sha256Of } from "./stored-object";
import { fitUserData, type NodeFile, type NodeProgram, userData, userDataLimit } from "./user-data";

/** For what is known only once it is made: ids, versions of secrets, the name of a bucket. */
const spare = 256;
/** As long as one can be. */
const someBucket = "b".repeat(63);

/**
 * Paths of the plain files that leave user data, because these do not fit even when compressed: the largest, until the rest fits.
 * Answers how long it still is where that does not help.
 *
 * @param draft the program as far as it is known before anything is made
 */
export function largeFiles(draft: NodeProgram): ReadonlySet<string> | { readonly bytes: number } {
  const paths = plainPaths(draft.files);
  for (let count = 0; ; count++) {
    const large = new Set(paths.slice(0, count));
    const files = draft.files.map((file) => (large.has(file.path) ? elsewhere(draft.member, file) : file));
    const fitted = fitUserData(userData({ ...draft, files }), userDataLimit - spare);
    if (!("bytes" in fitted)) return large;
    if (count === paths.length) return fitted;
  }
}

/** The largest first. */
function plainPaths(files: readonly NodeFile[]): string[] {
  return files
    .flatMap((file) => ("content" in file ? [file] : []))
    .sort((a, b) => b.content.length - a.content.length)
    .map(({ path }) => path);
}

function elsewhere(member: string, file: NodeFile): NodeFile {
  if (!("content" in file)) return file;
  const { path, mode, content } = file;
  const sha256 = sha256Of(content);
  return { path, mode, object: { bucket: someBucket, key: objectKey(member, path, sha256), sha256 } };
}
