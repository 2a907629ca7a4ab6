import HummingbirdTesting
import Testing

@testable import SegmentServer
