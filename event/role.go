package event

// The names of the events that zerorpc itself gives a meaning on an open channel.
const (
	NameOK     = "OK"
	NameErr    = "ERR"
	NameStream = "STREAM"
	NameDone   = "STREAM_DONE"
	NameBeat   = "_zpc_hb"
	NameMore   = "_zpc_more"
	NameCancel = "_zrpc_cancel" // zrpc's own: the caller gave up
	NameBye    = "_zrpc_bye"    // zrpc's own, on no channel: the server reads no more requests
)

// Role is what an event means on an open channel.
type Role uint8

// The roles.
const (
	RoleNone   Role = iota // there is no event
	RoleOK                 // the one result
	RoleErr                // the error that ends the call
	RoleStream             // an item of a stream
	RoleDone               // the end of a stream
	RoleBeat               // a heartbeat
	RoleMore               // credit
	RoleCancel             // the caller gave up
	RoleOther              // none that zerorpc knows
)

// RoleOf returns the role of an event of this name.
func RoleOf(name []byte) Role {
	switch string(name) {
	case NameOK:
		return RoleOK
	case NameErr:
		return RoleErr
	case NameStream:
		return RoleStream
	case NameDone:
		return RoleDone
	case NameBeat:
		return RoleBeat
	case NameMore:
		return RoleMore
	case NameCancel:
		return RoleCancel
	}
	return RoleOther
}
