import SegmentCompiler

/// As the API writes times: `2026-03-31T06:00:00Z`, with fractions where there are any.
func time(_ microseconds: Int64) -> String { Instant(microseconds: microseconds).description }
