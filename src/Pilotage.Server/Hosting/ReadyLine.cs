using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Hosting;

/// <summary>The one line on standard output that says the server serves, and where.</summary>
internal static class ReadyLine
{
    public static string Of(WebApplication app)
    {
        var parts = new List<string> { "ready" };
        foreach (var url in app.Urls)
        {
            parts.Add($"{url[..url.IndexOf(':', StringComparison.Ordinal)]}={url}");
        }

        foreach (var listener in app.Services.GetServices<IListener>())
        {
            parts.AddRange(listener.Endpoints.Select(e => $"{e.Name}={e.Address}"));
        }

        parts.Add($"data={app.Services.GetRequiredService<DataFolder>().Root}");
        return string.Join(' ', parts);
    }
}

/// <summary>Something besides HTTP that listens, for the ready line and the health page.</summary>
public interface IListener
{
    /// <summary>The bound endpoints; known once started.</summary>
    IReadOnlyList<(string Name, string Address)> Endpoints { get; }
}
