# docker buildx bake                  the frontend image, for amd64 and arm64
# docker buildx bake example          an example stack, with this frontend
# docker buildx bake cli              the jetson tool: bin/linux_amd64/jetson, bin/linux_arm64/jetson
# docker buildx bake frontend example both in one call, without a registry

variable "REGISTRY" { default = "ghcr.io/org" }
variable "VERSION"  { default = "1" }
variable "EXAMPLE"  { default = "hull" }
variable "PLATFORM" { default = "linux/arm64" }

group "default" {
  targets = ["frontend"]
}

target "frontend" {
  dockerfile = "Dockerfile.frontend"
  platforms  = ["linux/amd64", "linux/arm64"]
  tags       = ["${REGISTRY}/jetson-frontend:${VERSION}"]
}

# The frontend for the builder alone: what a stack of the same call uses.
target "frontend-here" {
  inherits  = ["frontend"]
  platforms = []
  tags      = []
}

# The command-line tool with its private builder. SOURCE_DATE_EPOCH=0 makes the
# files' times the same too.
target "cli" {
  dockerfile = "Dockerfile.cli"
  platforms  = ["linux/amd64", "linux/arm64"]
  output     = ["type=local,dest=bin"]
}

target "example" {
  context    = "examples/${EXAMPLE}"
  dockerfile = "stack.toml"
  platforms  = [PLATFORM]
  contexts = {
    # The image that the syntax line names is the one built here.
    "ghcr.io/org/jetson-frontend:1" = "target:frontend-here"
  }
  tags = ["${REGISTRY}/example-${EXAMPLE}:${VERSION}"]
}
