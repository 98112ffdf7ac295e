// Loaded with --import into what the benchmark starts: it ends with the benchmark, however that ends.
process.on('disconnect', () => process.exit(1))
process.channel?.unref()
