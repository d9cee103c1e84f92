// SPDX-License-Identifier: Apache-2.0

// Package shim opens the Docker provider, which is internal to its module, to the plugin: a package whose path lies below
// that module's may import it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider answers with the provider of resources such as docker_container.
func NewProvider() *schema.Provider {
	return provider.New("pulumi")()
}
