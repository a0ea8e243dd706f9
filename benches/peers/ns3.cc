// The other side of the model's speed: ns-3 forwards between four point-to-point devices of 40 Gb/s. A frame takes
// the way from its source's device over a link to the forwarder's, whose callback hands it to the device of another
// port, and over a link to a sink's device, where it is counted. No IP stack, no table, no PCIe, no CPU.
//
//   ns3 PACKETS GAP_PS
//
// Frames of 58 bytes and 2 of PPP header, as many as stand in a 64-byte frame without its FCS, come to each port
// every GAP_PS picoseconds, PACKETS in all. Prints packets received, events, CPU seconds of the run.
#include <ctime>
#include <cstdio>
#include <cstdlib>
#include "ns3/core-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

using namespace ns3;

static const int PORTS = 4;
static const int PAYLOAD = 58;
static Ptr<NetDevice> sourceDevice[PORTS];
static Ptr<NetDevice> forwarderDevice[PORTS];
static uint64_t left[PORTS];
static uint64_t sent[PORTS];
static uint64_t received = 0;
static Time gap;

static void Send(int port)
{
    sourceDevice[port]->Send(Create<Packet>(PAYLOAD), Address(Mac48Address::GetBroadcast()), 0x0800);
    if (--left[port] > 0) Simulator::Schedule(gap, &Send, port);
}

static bool Forward(Ptr<NetDevice> device, Ptr<const Packet> packet, uint16_t protocol, const Address& from)
{
    // the destinations of a port's frames are the other ports in turn
    int port = 0;
    while (forwarderDevice[port] != device) port++;
    int egress = (port + 1 + sent[port]++ % (PORTS - 1)) % PORTS;
    forwarderDevice[egress]->Send(packet->Copy(), Address(Mac48Address::GetBroadcast()), protocol);
    return true;
}

static bool Sink(Ptr<NetDevice>, Ptr<const Packet>, uint16_t, const Address&)
{
    received++;
    return true;
}

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: ns3 PACKETS GAP_PS\n");
        return 2;
    }
    Time::SetResolution(Time::PS);
    uint64_t packets = std::strtoull(argv[1], nullptr, 10);
    gap = PicoSeconds(std::strtoull(argv[2], nullptr, 10));
    // one link for each port: what comes in and what goes out cross at its other end, as on a cable
    NodeContainer forwarder(1);
    NodeContainer hosts(PORTS);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("40Gbps"));
    link.SetChannelAttribute("Delay", TimeValue(PicoSeconds(0)));
    link.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue("64p"));
    for (int port = 0; port < PORTS; port++) {
        NetDeviceContainer ends = link.Install(forwarder.Get(0), hosts.Get(port));
        forwarderDevice[port] = ends.Get(0);
        sourceDevice[port] = ends.Get(1);
        ends.Get(0)->SetReceiveCallback(MakeCallback(&Forward));
        ends.Get(1)->SetReceiveCallback(MakeCallback(&Sink));
        left[port] = packets / PORTS;
        if (left[port] > 0) Simulator::Schedule(PicoSeconds(port), &Send, port);
    }
    std::clock_t before = std::clock();
    Simulator::Run();
    double seconds = double(std::clock() - before) / CLOCKS_PER_SEC;
    std::printf("%llu %llu %.6f\n", (unsigned long long)received,
                (unsigned long long)Simulator::GetEventCount(), seconds);
    Simulator::Destroy();
    return 0;
}
