import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Button, Descriptions, Empty, Form, Input, Modal, Segmented, Table, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { Time, useText } from '../../kit/show'
import { FlowDiagram } from '../supervision/diagram'

/** Loads a template from its text: checked, never edited. */
function Load() {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const json = {
    validator: (_: unknown, value?: string) => {
      try {
        JSON.parse(value ?? '')
        return Promise.resolve()
      } catch {
        return Promise.reject(new Error(t('templates.no_json')))
      }
    },
  }
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {t('templates.load')}
      </Button>
      <Modal
        open={open}
        title={t('templates.load')}
        footer={null}
        width={720}
        destroyOnHidden
        onCancel={() => setOpen(false)}
      >
        <p className="muted">{t('templates.load_more')}</p>
        <Entry<{ template: string }, unknown>
          name="template"
          run={({ template }) =>
            unwrap(
              api.POST('/api/v1/operator/supervision/templates', { body: { template: JSON.parse(template) as never } }),
            )
          }
          done={() => setOpen(false)}
          success={t('supervision.done')}
          send={t('templates.load')}
        >
          <Form.Item name="template" label="JSON" rules={[json]}>
            <Input.TextArea rows={14} className="mono" />
          </Form.Item>
        </Entry>
      </Modal>
    </>
  )
}

/** All versions of all flows. */
export function Templates() {
  const { t } = useTranslation()
  const text = useText()
  const query = useQuery({
    queryKey: ['templates'],
    queryFn: () => unwrap(api.GET('/api/v1/operator/supervision/templates')),
  })
  return (
    <Page title={t('nav.templates')} purpose={t('templates.purpose')} actions={<Load />}>
      <Await query={query}>
        {(d) => (
          <Table<Schemas['TemplateSummary']>
            rowKey={(x) => `${x.key} ${x.version}`}
            size="middle"
            dataSource={d.templates}
            pagination={d.templates.length > 50 ? { pageSize: 50 } : false}
            scroll={{ x: 'max-content' }}
            locale={{ emptyText: <Empty description={t('templates.empty')} /> }}
            columns={[
              {
                key: 'n',
                title: t('field.name'),
                render: (_, x) => (
                  <Link
                    to={'/operator/templates/$key/$version' as never}
                    params={{ key: x.key, version: String(x.version) } as never}
                  >
                    {text(x.name)}
                  </Link>
                ),
              },
              {
                key: 'k',
                title: t('templates.key'),
                render: (_, x) => (
                  <span className="mono">
                    {x.key} · {x.version}
                  </span>
                ),
              },
              { key: 'a', title: t('editor.access_type'), render: (_, x) => t(`access_type.${x.access_type}`) },
              { key: 'v', title: t('templates.valid_from'), render: (_, x) => x.valid_from },
              { key: 'o', title: t('templates.open_cases'), align: 'right', render: (_, x) => x.open_cases },
              { key: 'l', title: t('templates.loaded_at'), render: (_, x) => <Time at={x.loaded_at} /> },
            ]}
          />
        )}
      </Await>
    </Page>
  )
}

/** One version of a flow, drawn as each scene has it. */
export function TemplatePage() {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const { key, version } = useParams({ strict: false }) as { key: string; version: string }
  const [scene, setScene] = useState('general')
  const query = useQuery({
    queryKey: ['template', key, version],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/operator/supervision/templates/{key}/{version}', {
          params: { path: { key, version: Number(version) } },
        }),
      ),
  })
  const all = useQuery({
    queryKey: ['templates'],
    queryFn: () => unwrap(api.GET('/api/v1/operator/supervision/templates')),
  })
  const versions = (all.data?.templates ?? [])
    .filter((x) => x.key === key)
    .map((x) => String(x.version))
    .sort()
  return (
    <Await query={query}>
      {(d) => {
        const shown = d.scenes.find((s) => s.scene === scene)
        return (
          <Page
            title={text(d.name)}
            above={<Link to={'/operator/templates' as never}>{t('nav.templates')}</Link>}
            actions={
              versions.length > 1 && (
                <Segmented
                  aria-label={t('templates.version')}
                  value={version}
                  options={versions.map((v) => ({ value: v, label: `${t('templates.version')} ${v}` }))}
                  onChange={(v) =>
                    void navigate({
                      to: '/operator/templates/$key/$version' as never,
                      params: { key, version: v } as never,
                    })
                  }
                />
              )
            }
          >
            <div className="stack">
              <Descriptions
                className="panel"
                style={{ padding: 24 }}
                size="small"
                column={{ xs: 1, md: 2 }}
                items={[
                  {
                    key: 'k',
                    label: t('templates.key'),
                    children: (
                      <span className="mono">
                        {d.key} · {d.version}
                      </span>
                    ),
                  },
                  { key: 'a', label: t('editor.access_type'), children: t(`access_type.${d.access_type}`) },
                  { key: 'v', label: t('templates.valid_from'), children: d.valid_from },
                  { key: 's', label: t('templates.source'), children: d.source },
                ]}
              />
              <section className="panel" style={{ padding: 24 }}>
                <div className="scroll" style={{ marginBottom: 16 }}>
                  <Segmented
                    aria-label={t('supervision.scene')}
                    value={scene}
                    onChange={setScene}
                    options={d.scenes.map((s) => ({ value: s.scene, label: t(`case_scene.${s.scene}`) }))}
                  />
                </div>
                {shown && <FlowDiagram flow={shown.flow} />}
              </section>
              <section className="panel" style={{ padding: 24 }}>
                <h2>JSON</h2>
                <pre style={{ maxHeight: 420, overflow: 'auto' }} tabIndex={0}>
                  {JSON.stringify(d.body, null, 2)}
                </pre>
                <Typography.Text copyable={{ text: JSON.stringify(d.body, null, 2) }}>
                  {t('templates.copy')}
                </Typography.Text>
              </section>
            </div>
          </Page>
        )
      }}
    </Await>
  )
}
