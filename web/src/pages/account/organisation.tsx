import { useQuery } from '@tanstack/react-query'
import { App, Button, Empty, Form, Input, Modal, Popconfirm, Select, Table, Tabs, Tag, type FormInstance } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { List } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { State, Time } from '../../kit/show'

type Colleague = Schemas['ColleagueView']
type Department = Schemas['DepartmentView']

const roles = ['administrator', 'purchaser', 'member'] as const

const useDepartments = () =>
  useQuery({ queryKey: ['departments'], queryFn: () => unwrap(api.GET('/api/v1/departments')) })

function RoleAndDepartment() {
  const { t } = useTranslation()
  const departments = useDepartments()
  return (
    <>
      <Form.Item name="role" label={t('organisation.role')} extra={t('organisation.role_hint')}>
        <Select options={roles.map((value) => ({ value, label: t(`organisation.${value}`) }))} />
      </Form.Item>
      <Form.Item name="department" label={t('organisation.department')}>
        <Select
          allowClear
          options={(departments.data?.departments ?? []).map((d) => ({
            value: d.code,
            label: `${d.name} (${d.code})`,
          }))}
        />
      </Form.Item>
    </>
  )
}

/** A dialog around a form whose button is that of the dialog. */
function Dialog({
  title,
  form,
  close,
  children,
}: {
  title: string
  form: FormInstance
  close: () => void
  children: React.ReactNode
}) {
  return (
    <Modal open title={title} onCancel={close} onOk={() => form.submit()}>
      {children}
    </Modal>
  )
}

function Invite({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const [form] = Form.useForm<Schemas['InviteBody']>()
  const need = [{ required: true, message: t('form.required') }]
  const shown = (made: Schemas['Invited']) => {
    close()
    modal.success({
      title: t('organisation.link_once'),
      content: (
        <pre
          style={{ whiteSpace: 'pre-wrap', wordBreak: 'break-all' }}
        >{`${window.location.origin}/join/${made.secret}`}</pre>
      ),
      width: 560,
    })
  }
  return (
    <Dialog title={t('organisation.invite')} form={form as never} close={close}>
      <Entry
        form={form}
        initial={{ role: 'member' }}
        run={(body) => unwrap(api.POST('/api/v1/invitations', { body }))}
        done={shown}
      >
        <Form.Item name="login" label={t('log_in.login')} rules={need}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="name" label={t('field.name')} rules={need}>
          <Input maxLength={60} />
        </Form.Item>
        <RoleAndDepartment />
      </Entry>
    </Dialog>
  )
}

function EditColleague({ of, close }: { of: Colleague; close: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Schemas['ColleagueBody']>()
  const save = ({
    name,
    role,
    department,
    title,
    employee_code,
    employee_type,
    mobile,
    email,
  }: Schemas['ColleagueBody']) => {
    const filled = (text?: string | null) => text || null
    const body = {
      name,
      role,
      department: filled(department),
      title: filled(title),
      employee_code: filled(employee_code),
      employee_type: filled(employee_type),
      mobile: filled(mobile),
      email: filled(email),
    }
    return unwrap(api.PUT('/api/v1/colleagues/{id}', { params: { path: { id: of.id } }, body }))
  }
  return (
    <Dialog title={of.login} form={form as never} close={close}>
      <Entry form={form} initial={of} run={save} done={close}>
        <Form.Item name="name" label={t('field.name')} rules={[{ required: true, message: t('form.required') }]}>
          <Input maxLength={60} />
        </Form.Item>
        <RoleAndDepartment />
        <Form.Item name="title" label={t('organisation.title')}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="employee_code" label={t('organisation.employee_code')}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="employee_type" label={t('organisation.employee_type')}>
          <Select allowClear options={['1', '2'].map((value) => ({ value, label: t(`organisation.type_${value}`) }))} />
        </Form.Item>
        <Form.Item name="mobile" label={t('organisation.mobile')}>
          <Input maxLength={30} />
        </Form.Item>
        <Form.Item name="email" label={t('organisation.email')}>
          <Input maxLength={120} />
        </Form.Item>
      </Entry>
    </Dialog>
  )
}

function Colleagues() {
  const { t } = useTranslation()
  const departments = useDepartments()
  const [editing, setEditing] = useState<Colleague | null>(null)
  const [inviting, setInviting] = useState(false)
  const remove = useAction((id: string) => unwrap(api.DELETE('/api/v1/colleagues/{id}', { params: { path: { id } } })))
  const nameOf = (code?: string | null) => departments.data?.departments.find((d) => d.code === code)?.name ?? code
  return (
    <>
      {inviting && <Invite close={() => setInviting(false)} />}
      {editing && <EditColleague of={editing} close={() => setEditing(null)} />}
      <List<Colleague>
        name="colleagues"
        rowKey={(c) => c.id}
        empty={t('organisation.nobody')}
        extra={
          <Button type="primary" onClick={() => setInviting(true)}>
            {t('organisation.invite')}
          </Button>
        }
        fetch={async ({ department }, paging) => {
          const data = await unwrap(api.GET('/api/v1/colleagues', { params: { query: { department, ...paging } } }))
          return { rows: data.colleagues, next: data.next }
        }}
        filters={[
          {
            name: 'department',
            label: t('organisation.department'),
            options: (departments.data?.departments ?? []).map((d) => ({ value: d.code, label: d.name })),
          },
        ]}
        columns={[
          {
            key: 'name',
            title: t('field.name'),
            value: (c) => c.name,
            render: (c) => (
              <>
                {c.name} {c.me && <Tag>{t('organisation.me')}</Tag>}
              </>
            ),
          },
          { key: 'login', title: t('log_in.login'), value: (c) => c.login },
          { key: 'role', title: t('organisation.role'), value: (c) => t(`organisation.${c.role}`) },
          { key: 'department', title: t('organisation.department'), value: (c) => nameOf(c.department) },
          { key: 'title', title: t('organisation.title'), value: (c) => c.title },
          {
            key: 'joined',
            title: t('organisation.joined_at'),
            sort: 'created',
            value: (c) => c.joined_at,
            render: (c) => <Time at={c.joined_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (c) => (
              <div className="row">
                <Button size="small" onClick={() => setEditing(c)}>
                  {t('action.edit')}
                </Button>
                {!c.me && (
                  <Popconfirm title={t('organisation.remove_sure')} onConfirm={() => remove.mutate(c.id)}>
                    <Button size="small" danger>
                      {t('organisation.remove')}
                    </Button>
                  </Popconfirm>
                )}
              </div>
            ),
          },
        ]}
      />
    </>
  )
}

type Node = Department & { children?: Node[] }

/** Departments below one; whatever points nowhere stands at the top. */
const treeOf = (all: Department[], parent: string | null = null): Node[] =>
  all
    .filter((d) => (d.parent ?? null) === parent)
    .map((d) => {
      const children = treeOf(all, d.code)
      return children.length ? { ...d, children } : { ...d }
    })

function Departments() {
  const { t } = useTranslation()
  const query = useDepartments()
  const [editing, setEditing] = useState<Partial<Department> | null>(null)
  const [form] = Form.useForm<Department>()
  const remove = useAction((code: string) =>
    unwrap(api.DELETE('/api/v1/departments/{code}', { params: { path: { code } } })),
  )
  const save = ({ code, name, parent }: Department) =>
    unwrap(
      api.PUT('/api/v1/departments/{code}', { params: { path: { code } }, body: { name, parent: parent || null } }),
    )
  const need = [{ required: true, message: t('form.required') }]
  return (
    <>
      {editing && (
        <Dialog title={t('organisation.department')} form={form as never} close={() => setEditing(null)}>
          <Entry form={form} initial={editing} run={save} done={() => setEditing(null)}>
            <Form.Item name="code" label={t('organisation.code')} extra={t('organisation.code_hint')} rules={need}>
              <Input maxLength={64} disabled={!!editing.name} />
            </Form.Item>
            <Form.Item name="name" label={t('field.name')} rules={need}>
              <Input maxLength={128} />
            </Form.Item>
            <Form.Item name="parent" label={t('organisation.parent')}>
              <Select
                allowClear
                options={(query.data?.departments ?? [])
                  .filter((d) => d.code !== editing.code)
                  .map((d) => ({ value: d.code, label: d.name }))}
              />
            </Form.Item>
          </Entry>
        </Dialog>
      )}
      <div className="filters">
        <Button type="primary" onClick={() => setEditing({})}>
          {t('organisation.add_department')}
        </Button>
      </div>
      <Await query={query}>
        {(d) => (
          <Table<Node>
            size="middle"
            rowKey="code"
            pagination={false}
            dataSource={treeOf(d.departments)}
            expandable={{ defaultExpandAllRows: true }}
            scroll={{ x: 'max-content' }}
            locale={{ emptyText: <Empty description={t('organisation.no_departments')} /> }}
            columns={[
              { key: 'n', title: t('field.name'), dataIndex: 'name' },
              { key: 'c', title: t('organisation.code'), render: (_, x) => <span className="mono">{x.code}</span> },
              {
                key: 'do',
                title: t('field.actions'),
                render: (_, x) => (
                  <div className="row">
                    <Button size="small" onClick={() => setEditing(x)}>
                      {t('action.edit')}
                    </Button>
                    <Popconfirm title={t('organisation.delete_sure')} onConfirm={() => remove.mutate(x.code)}>
                      <Button size="small" danger>
                        {t('action.delete')}
                      </Button>
                    </Popconfirm>
                  </div>
                ),
              },
            ]}
          />
        )}
      </Await>
    </>
  )
}

function Invitations() {
  const { t } = useTranslation()
  const withdraw = useAction((id: string) =>
    unwrap(api.DELETE('/api/v1/invitations/{id}', { params: { path: { id } } })),
  )
  return (
    <List<Schemas['InvitationView']>
      name="invitations"
      place="invitations"
      rowKey={(i) => i.id}
      empty={t('organisation.no_invitations')}
      fetch={async (_search, paging) => {
        const data = await unwrap(api.GET('/api/v1/invitations', { params: { query: paging } }))
        return { rows: data.invitations, next: data.next }
      }}
      columns={[
        { key: 'login', title: t('log_in.login'), value: (i) => i.login },
        { key: 'name', title: t('field.name'), value: (i) => i.name },
        { key: 'role', title: t('organisation.role'), value: (i) => t(`organisation.${i.role}`) },
        {
          key: 'state',
          title: t('field.state'),
          value: (i) => t(`state.${i.state}`),
          render: (i) => <State of={i.state} />,
        },
        {
          key: 'until',
          title: t('organisation.valid_until'),
          value: (i) => i.expires_at,
          render: (i) => <Time at={i.expires_at} />,
        },
        {
          key: 'do',
          title: t('field.actions'),
          render: (i) =>
            i.state === 'open' && (
              <Button size="small" onClick={() => withdraw.mutate(i.id)}>
                {t('organisation.withdraw')}
              </Button>
            ),
        },
      ]}
    />
  )
}

/** The people of the account. */
export function Organisation() {
  const { t } = useTranslation()
  return (
    <Page title={t('nav.organisation')} purpose={t('organisation.purpose')}>
      <Tabs
        items={[
          { key: 'colleagues', label: t('organisation.colleagues'), children: <Colleagues /> },
          { key: 'departments', label: t('organisation.departments'), children: <Departments /> },
          { key: 'invitations', label: t('organisation.invitations'), children: <Invitations /> },
        ]}
      />
    </Page>
  )
}
