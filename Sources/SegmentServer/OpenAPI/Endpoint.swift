/// Everything that can be asked for: the operations of the contract by their ids.
enum Endpoint: String, Sendable, CaseIterable {
  case getContract

  case listSegments, createSegment, changeSegments
  case getSegment, editSegment, changeSegment, deleteSegment, duplicateSegment
  case getUsage
  case listVersions, getVersion, restoreVersion, compareVersions
  case listTrash, emptyTrash, purgeSegment, restoreSegment

  case eraseProfile

  case validateDefinitions, previewDefinition, explainDefinitions

  case listJobs, createJob, getJob, cancelJob
  case watchEvents
  case getSchedule, setSchedule, setSegmentSchedules
  case getCleanup, cleanUp, exemptSegments
  case getStatus

  case listOutputs, getOutput
}
