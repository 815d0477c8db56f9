using System.Text.Json.Nodes;
using Pilotage.Cli.Api;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>open</c>: a way into the page for a browser.</summary>
internal static class OpenVerb
{
    public static Verb Create(VerbFrame frame)
    {
        var verb = new Verb("open", "Prints a link that signs a browser in, once.", "pilotage open", "xdg-open \"$(pilotage open)\"");
        verb.SetAction(async (parsed, cancellation) =>
        {
            var context = ApiContext.Find(frame.Session, parsed.GetValue(frame.Options.Server), parsed.GetValue(frame.Options.TokenFile));
            using var api = frame.Connect(parsed);
            var link = await api.PostAsync("api/v1/sign-in-links", new JsonObject(), cancellation);
            var url = new Uri(context.Server, Column.Text(link?["path"])).ToString();
            var writer = frame.Writer(parsed);
            if (writer.IsMachineReadable)
            {
                writer.Write(new JsonObject { ["url"] = url, ["expiresAt"] = link?["expiresAt"]?.DeepClone() }, []);
            }
            else
            {
                frame.Session.Output.WriteLine(url);
            }

            return ExitCode.Done;
        });
        return verb;
    }
}
