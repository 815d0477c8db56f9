using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Pilotage.Server.Package.Reading;

/// <summary>Turns bytes into YAML nodes that know where they stand; JSON is read the same way.</summary>
internal static class YamlText
{
    public const int BytesMax = 512 * 1024;
    private const int DepthMax = 32;

    /// <summary>The documents of a file as maps; faults are collected and the list is then empty.</summary>
    public static List<YamlMap> Documents(string file, ReadOnlyMemory<byte> bytes, PackageFaults faults)
    {
        if (bytes.Length > BytesMax)
        {
            faults.Add(new SourceMark(file, 1, 1), $"the file has {bytes.Length} bytes; at most {BytesMax} are read");
            return [];
        }

        var text = Encoding.UTF8.GetString(bytes.Span);
        var last = new SourceMark(file, 1, 1);
        try
        {
            // The tree is built by recursion, so depth is bounded before it is built.
            if (Scan(text, ref last, faults))
            {
                var stream = new YamlStream();
                stream.Load(new StringReader(text));
                return Maps(file, stream, faults);
            }
        }
        catch (YamlException failure)
        {
            faults.Add(new SourceMark(file, failure.Start.Line, failure.Start.Column), $"not readable as YAML: {failure.Message}");
        }

        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or FormatException)
        {
            // The scanner gives up in several ways on text such as "[[a"; the last thing it understood is the best place there is.
            faults.Add(last, "not readable as YAML from here on; look for a bracket or quote that is not closed");
        }

        return [];
    }

    private static bool Scan(string text, ref SourceMark last, PackageFaults faults)
    {
        var parser = new Parser(new StringReader(text));
        var depth = 0;
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            depth += current.NestingIncrease;
            last = last with { Line = current.Start.Line, Column = current.Start.Column };
            if (current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
            {
                faults.Add(last, "anchors and aliases are not part of the format; write the value out");
                return false;
            }

            if (depth > DepthMax)
            {
                faults.Add(last, $"nested deeper than {DepthMax} levels");
                return false;
            }
        }

        return true;
    }

    private static List<YamlMap> Maps(string file, YamlStream stream, PackageFaults faults)
    {
        var maps = new List<YamlMap>();
        foreach (var document in stream.Documents)
        {
            if (document.RootNode is YamlMappingNode map)
            {
                maps.Add(new YamlMap(file, "", map, faults));
            }
            else
            {
                faults.Add(new SourceMark(file, document.RootNode.Start.Line, document.RootNode.Start.Column), "expected keys and values");
            }
        }

        if (stream.Documents.Count == 0)
        {
            faults.Add(new SourceMark(file, 1, 1), "the file is empty");
        }

        return maps;
    }
}
