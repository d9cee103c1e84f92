// SPDX-License-Identifier: Apache-2.0

// Command pulumi-resource-docker serves the resources of @pulumi/docker where the official plugin cannot be downloaded.
// docker.Image is not among them; docker.RemoteImage and docker.RegistryImage build and push images.
package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// version is set when it is linked: the release of @pulumi/docker that it stands in for.
var version = "0.0.0"

func main() {
	tfbridge.Main("docker", version, provider(), nil)
}
