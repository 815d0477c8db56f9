"""paho-mqtt as one of the peers; PeerCall.cs says what the command line means and what the lines are.

Not called paho.py: Python would take that for the library.
"""
import argparse
import json
import os
import queue
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

try:
    import paho.mqtt.client as mqtt
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
except ImportError:
    sys.exit("paho-mqtt is missing; install it with: apt-get install python3-paho-mqtt")

parser = argparse.ArgumentParser()
parser.add_argument("mode", choices=["subscribe", "publish", "stream"])
parser.add_argument("url")
for name in ("version", "id", "ca", "cert", "key", "topic", "payload", "response", "correlation", "will-topic", "will-payload"):
    parser.add_argument(f"--{name}")
parser.add_argument("--qos", type=int, action="append")
parser.add_argument("--user", action="append", default=[])
parser.add_argument("--count", type=int)
parser.add_argument("--expiry", type=int)
parser.add_argument("--retain", action="store_true")
parser.add_argument("--lasting", action="store_true")
asked = parser.parse_args()
url = urlsplit(asked.url)
is_v5 = asked.version == "5"
connected = threading.Event()
finished = threading.Event()
missing = asked.count
numbers = {}
gate = threading.Condition()
done = queue.SimpleQueue()


def say(line):
    print(line, flush=True)


def properties_of(packet, **values):
    if not is_v5:
        return None
    all_ = Properties(packet)
    for name, value in values.items():
        if value:
            setattr(all_, name, value)
    return all_


def on_connect(client, userdata, flags, code, properties=None):
    code = getattr(code, "value", code)
    if code:
        say(f"refused {code} {getattr(properties, 'ReasonString', '')}")
        os._exit(1)
    if asked.mode == "subscribe" and not connected.is_set():
        client.subscribe(asked.topic, asked.qos[0])
    connected.set()


def on_disconnect(client, userdata, code, properties=None):
    # A lasting client comes back by itself; any other ends with its connection.
    if not asked.lasting and not finished.is_set():
        os._exit(1)
    # When an attempt fails before the one that succeeds, paho-mqtt 1.6 publishes anew what only waited for PUBCOMP
    # (_messages_reconnect_reset_out, run twice); that would come twice, and so its first attempt has to be good.
    while asked.lasting and not finished.is_set() and not is_serving():
        time.sleep(0.05)


def is_serving():
    # A broker that is being killed may still take a connection after it has cut ours, but does not keep it.
    try:
        with socket.create_connection((url.hostname, url.port), 1) as probe:
            probe.settimeout(0.2)
            probe.recv(1)
            return False
    except TimeoutError:
        return True
    except OSError:
        return False


def on_thread_ended(fault):
    # An alert in place of CONNACK ends paho-mqtt's thread and tells nobody.
    print(fault.exc_value, file=sys.stderr, flush=True)
    os._exit(1)


def on_subscribe(client, userdata, mid, granted, properties=None):
    say("subscribed")
    if missing == 0:
        finished.set()


def on_message(client, userdata, message):
    global missing
    more = getattr(message, "properties", None)
    say("message " + json.dumps({
        "topic": message.topic, "payload": message.payload.decode(), "qos": message.qos, "retain": int(message.retain),
        "user": " ".join(f"{name}:{value}" for name, value in getattr(more, "UserProperty", [])),
        "response": getattr(more, "ResponseTopic", ""),
        "correlation": getattr(more, "CorrelationData", b"").decode(),
        "expiry": str(getattr(more, "MessageExpiryInterval", "")),
    }))
    if missing is not None:
        missing -= 1
        if missing == 0:
            finished.set()


def on_publish(client, userdata, mid):
    # paho-mqtt 1.6 calls this with its lock over the outgoing messages held (_handle_pubackcomp), and publish() takes that
    # lock too. A lock of ours, held around publish() and asked for here, stops both threads for ever, whatever the
    # broker does: so nothing here may wait.
    done.put(mid)


def report():
    while True:
        mid = done.get()
        with gate:
            # PUBACK may be here before publish() has told the identifier.
            gate.wait_for(lambda: mid in numbers)
            say(f"published {numbers.pop(mid)}")
            gate.notify_all()


def publish(payload, qos, number):
    info = client.publish(asked.topic, payload, qos, asked.retain, properties_of(
        PacketTypes.PUBLISH,
        UserProperty=[tuple(pair.split("=")) for pair in asked.user],
        ResponseTopic=asked.response,
        CorrelationData=asked.correlation and asked.correlation.encode(),
        MessageExpiryInterval=asked.expiry))
    with gate:
        numbers[info.mid] = number
        gate.notify_all()


def all_published():
    with gate:
        gate.wait_for(lambda: not numbers)


client = mqtt.Client(
    asked.id,
    clean_session=None if is_v5 else not asked.lasting,
    protocol=mqtt.MQTTv5 if is_v5 else mqtt.MQTTv311,
    transport="websockets" if url.scheme in ("ws", "wss") else "tcp")
if client._transport == "websockets":
    client.ws_set_options(path=url.path)
if asked.ca:
    client.tls_set(asked.ca, asked.cert, asked.key)
if asked.will_topic:
    client.will_set(asked.will_topic, asked.will_payload, qos=1)
threading.excepthook = on_thread_ended
client.reconnect_delay_set(0.1, 0.1)
client.on_connect, client.on_disconnect, client.on_subscribe = on_connect, on_disconnect, on_subscribe
client.on_message, client.on_publish = on_message, on_publish
v5_only = dict(
    clean_start=not asked.lasting,
    properties=properties_of(PacketTypes.CONNECT, SessionExpiryInterval=600 if asked.lasting else 0)) if is_v5 else {}
client.connect(url.hostname, url.port, 60, **v5_only)
threading.Thread(target=report, daemon=True).start()
client.loop_start()
connected.wait()
if asked.mode == "subscribe":
    finished.wait()
elif asked.mode == "publish":
    for qos in asked.qos:
        publish(asked.payload, qos, qos)
        all_published()
else:
    for line in sys.stdin:
        publish(line.rstrip("\n"), asked.qos[0], line.rstrip("\n"))
    all_published()
finished.set()
client.disconnect()
client.loop_stop()
