package frontend

// ImageLabels are the labels of the frontend's own image. Without the
// capabilities BuildKit refuses --build-context and --call; network.none says
// that the frontend reads everything through the gateway.
func ImageLabels() map[string]string {
	return map[string]string{
		"moby.buildkit.frontend.network.none": "true",
		"moby.buildkit.frontend.caps":         "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring,moby.buildkit.frontend.contexts.zstd",
		"org.opencontainers.image.title":      "jetson-frontend",
		"org.opencontainers.image.licenses":   "Apache-2.0",
		"org.opencontainers.image.source":     "https://github.com/org/jetson-frontend",
	}
}
