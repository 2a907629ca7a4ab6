import Hummingbird
import NIOCore

/// What goes with a request on its way through the server.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Where the request comes from; nil where that is no network address.
  let remoteAddress: SocketAddress?
  /// Whether it comes from a command at the machine, through the socket in the workspace's state.
  let isCommandLine: Bool

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
    if case .unixDomainSocket = source.channel.localAddress {
      isCommandLine = true
    } else {
      isCommandLine = false
    }
  }
}
