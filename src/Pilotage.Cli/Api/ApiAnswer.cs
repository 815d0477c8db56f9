using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Api;

/// <summary>What a server said to a request, be it yes or no.</summary>
/// <param name="Body">Of a yes; null where it is no object.</param>
/// <param name="RetryAfter">When it wishes to be asked again.</param>
/// <param name="Failure">The no, in the words of the CLI.</param>
internal sealed record ApiAnswer(HttpStatusCode Status, JsonObject? Body, TimeSpan? RetryAfter, CliFailure? Failure)
{
    /// <summary>A whole number of the body; 0 where there is none.</summary>
    public long Number(string name) => Body?[name]?.GetValue<long>() ?? 0;
}
