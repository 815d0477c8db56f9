using System.Formats.Cbor;

namespace Pilotage.Protocols.SenML;

/// <summary>Hands the fields of a CBOR pack to the resolver.</summary>
internal static class SenMLCbor
{
    // A larger double is no time anybody means, and would not fit a decimal.
    private const double ExactMax = 1e15;

    // Bit by bit: numbers, tags of decimal fractions and the like.
    private const int TagsMax = 8;

    /// <summary>False when the resolver refused; bad CBOR is thrown.</summary>
    public static bool Read(CborReader cbor, SenMLResolver resolver)
    {
        SkipTags(cbor);
        if (cbor.PeekState() != CborReaderState.StartArray)
        {
            return resolver.Begin() && resolver.RefuseRecord("a pack is an array of records");
        }

        cbor.ReadStartArray();
        while (cbor.PeekState() != CborReaderState.EndArray)
        {
            if (!ReadRecord(cbor, resolver))
            {
                return false;
            }
        }

        cbor.ReadEndArray();
        return cbor.BytesRemaining == 0 || (resolver.Begin() && resolver.RefuseRecord("something stands behind the pack"));
    }

    private static bool ReadRecord(CborReader cbor, SenMLResolver resolver)
    {
        SkipTags(cbor);
        if (!resolver.Begin() || (cbor.PeekState() != CborReaderState.StartMap && !resolver.RefuseRecord("is no map")))
        {
            return false;
        }

        cbor.ReadStartMap();
        while (cbor.PeekState() != CborReaderState.EndMap)
        {
            if (!ReadField(cbor, resolver))
            {
                return false;
            }
        }

        cbor.ReadEndMap();
        return resolver.End();
    }

    private static bool ReadField(CborReader cbor, SenMLResolver resolver)
    {
        switch (cbor.PeekState())
        {
            case CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger:
                var label = cbor.ReadInt64();
                if (label is >= (long)SenMLField.BaseSum and <= (long)SenMLField.DataValue)
                {
                    return resolver.Take((SenMLField)label, TokenOf(cbor));
                }

                // A number is no name that could end in an underscore.
                break;
            case CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString:
                if (!resolver.Skip(cbor.ReadTextString()))
                {
                    return false;
                }

                break;
            default:
                return resolver.RefuseRecord("has a label that is neither a whole number nor text");
        }

        SkipValue(cbor, 0);
        return true;
    }

    private static SenMLToken TokenOf(CborReader cbor)
    {
        if (cbor.PeekState() == CborReaderState.Tag)
        {
            if (cbor.PeekTag() == CborTag.DecimalFraction)
            {
                var exact = cbor.ReadDecimal();
                return SenMLToken.Of((double)exact, exact);
            }

            SkipTags(cbor);
        }

        switch (cbor.PeekState())
        {
            case CborReaderState.UnsignedInteger:
                var whole = cbor.ReadUInt64();
                return SenMLToken.Of(whole, whole);
            case CborReaderState.NegativeInteger:
                var below = -1m - cbor.ReadCborNegativeIntegerRepresentation();
                return SenMLToken.Of((double)below, below);
            case CborReaderState.HalfPrecisionFloat:
            case CborReaderState.SinglePrecisionFloat:
            case CborReaderState.DoublePrecisionFloat:
                var number = cbor.ReadDouble();
                return SenMLToken.Of(number, Math.Abs(number) < ExactMax ? (decimal)number : null);
            case CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString:
                return SenMLToken.Of(cbor.ReadTextString());
            case CborReaderState.Boolean:
                return SenMLToken.Of(cbor.ReadBoolean());
            default:
                SkipValue(cbor, 0);
                return SenMLToken.Other;
        }
    }

    private static void SkipTags(CborReader cbor)
    {
        for (var tags = 0; cbor.PeekState() == CborReaderState.Tag; tags++)
        {
            if (tags == TagsMax)
            {
                throw new CborContentException($"more than {TagsMax} tags stand before one value");
            }

            cbor.ReadTag();
        }
    }

    /// <summary>The reader keeps a frame for every level, so how deep a value may be is bounded here.</summary>
    private static void SkipValue(CborReader cbor, int depth)
    {
        SkipTags(cbor);
        var state = cbor.PeekState();
        if (state is not (CborReaderState.StartArray or CborReaderState.StartMap))
        {
            cbor.SkipValue();
            return;
        }

        if (depth == SenMLReader.DepthMax)
        {
            throw new CborContentException($"a value is nested more than {SenMLReader.DepthMax} deep");
        }

        var isArray = state == CborReaderState.StartArray;
        _ = isArray ? cbor.ReadStartArray() : cbor.ReadStartMap();
        var end = isArray ? CborReaderState.EndArray : CborReaderState.EndMap;
        while (cbor.PeekState() != end)
        {
            SkipValue(cbor, depth + 1);
        }

        if (isArray)
        {
            cbor.ReadEndArray();
        }
        else
        {
            cbor.ReadEndMap();
        }
    }
}
