// SPDX-License-Identifier: Apache-2.0
import type * as pulumi from "@pulumi/pulumi";

type Plain = string | number | boolean | undefined;

/** `T` with every value inside it, at any depth, replaced by an Input of it. */
export type Lifted<T> = T extends Plain
  ? T
  : T extends readonly (infer Item)[]
    ? readonly pulumi.Input<Lifted<Item>>[]
    : { readonly [Key in keyof T]: pulumi.Input<Lifted<T[Key]>> };
