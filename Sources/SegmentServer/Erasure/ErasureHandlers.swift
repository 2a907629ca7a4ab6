import Hummingbird
import SegmentService

/// Removing a person for good.
struct ErasureHandlers: Sendable {
  let service: SegmentService
  let memberships: EncodedItems<Int64, Memberships.Membership>

  func erase(_ request: APIRequest) async throws -> Response {
    let erasure = ErasureRequest.profiles(
      audience: try request.required("audience"), keys: [.key(try request.required("key"))],
      alsoUnknown: request.flag("alsoUnknown"))
    let isDryRun = request.flag("dryRun")
    do {
      let report =
        try await isDryRun ? service.previewErasure(erasure) : service.erase(erasure)
      if !isDryRun { memberships.forget() }
      return .json(ErasureJSON(report, isDone: !isDryRun))
    } catch is UnknownProfiles {
      // Its message quotes the key, which must not get into a log.
      throw Problem(
        .notFound, "unknownProfile",
        "No profile of this audience has, or ever had, this key. Nothing was erased. With alsoUnknown=true it is kept from being loaded."
      )
    }
  }
}
